package dev.inflight.mlflow;

/** The last 2.x. */
class Mlflow2InteropTest extends InteropModels {
  @Override
  RealServer start() throws Exception {
    return RealServer.of("inflight.mlflow2", RealServer.Kind.PLAIN);
  }
}
