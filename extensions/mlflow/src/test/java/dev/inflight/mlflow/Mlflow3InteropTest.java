package dev.inflight.mlflow;

/** The last 3.x. */
class Mlflow3InteropTest extends InteropModels {
  @Override
  RealServer start() throws Exception {
    return RealServer.of("inflight.mlflow3", RealServer.Kind.PLAIN);
  }
}
