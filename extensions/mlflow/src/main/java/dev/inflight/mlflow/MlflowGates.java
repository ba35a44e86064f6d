package dev.inflight.mlflow;

import dev.inflight.deploy.Gate;
import dev.inflight.deploy.Tolerance;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.Tensors;
import java.util.List;
import java.util.Optional;

/** Gates of what lies beside a model in MLflow. */
public final class MlflowGates {
  private MlflowGates() {}

  /**
   * {@return every lane has run the input example that was logged with the version; and, if the
   * publisher logged answers beside it as {@code output_example.json}, these are the answers} For
   * models without a codec. A version without an example passes, and the report says so.
   */
  public static Gate<Tensors, Tensors> example(Tolerance tolerance) {
    Gate<Tensors, Tensors> gate =
        candidate -> {
          if (!candidate.artifact().files().containsKey(MlflowModel.FILE)) {
            return "no MLmodel";
          }
          Signature signature = candidate.info().signature();
          MlflowModel model = MlflowModel.of(candidate.artifact());
          Optional<Tensors> input = model.inputExample(signature);
          if (input.isEmpty()) {
            return "no input example";
          }
          Gate<Tensors, Tensors> warmUp = Gate.warmUp(List.of(input.get()));
          String said = warmUp.check(candidate);
          Optional<Tensors> output = model.outputExample(signature);
          if (output.isEmpty()) {
            return said + ", no recorded answers";
          }
          Gate<Tensors, Tensors> golden =
              Gate.golden(List.of(new Gate.Golden<>(input.get(), output.get())), tolerance);
          return said + ", " + golden.check(candidate);
        };
    return gate.named("MLflow example");
  }
}
