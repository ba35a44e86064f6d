package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.tensor.Tensors;

/** One model, compiled and not. */
final class BothWays implements AutoCloseable {
  static final OnnxOptions COMPILED = OnnxOptions.defaults().withCompiled(true);

  private final ModelSlot<Tensors, Tensors> ours;
  private final ModelSlot<Tensors, Tensors> theirs;

  BothWays(OnnxBytes bytes, Lanes lanes) {
    this(bytes.artifact(), lanes);
  }

  BothWays(ModelArtifact artifact, Lanes lanes) {
    ours = ModelSlot.of(OnnxLoader.tensors().withOptions(COMPILED).load(artifact), lanes);
    theirs = ModelSlot.of(OnnxLoader.tensors().load(artifact), lanes);
  }

  static boolean isCompiled(Model<?, ?> model) {
    return model.info().runtime().startsWith("compiled ");
  }

  boolean isCompiled() {
    return ours.info().runtime().startsWith("compiled ");
  }

  Tensors ours(Tensors row) {
    return ours.predictor().predict(row);
  }

  Tensors theirs(Tensors row) {
    return theirs.predictor().predict(row);
  }

  /** To the last bit. */
  Tensors requireSame(Tensors row) {
    Tensors expected = theirs(row);
    Tensors got = ours(row);
    assertThat(got.names()).isEqualTo(expected.names());
    for (String name : expected.names()) {
      assertThat(SelfCheck.isSame(got.value(name), expected.value(name)))
          .as("%s: got %s, expected %s", name, got.value(name), expected.value(name))
          .isTrue();
    }
    return got;
  }

  @Override
  public void close() {
    ours.close();
    theirs.close();
  }
}
