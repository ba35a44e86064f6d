package dev.inflight.tribuo;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.util.List;
import org.tribuo.Model;
import org.tribuo.Prediction;
import org.tribuo.regression.RegressionFactory;
import org.tribuo.regression.Regressor;

/** Regression: {@code values} by dimension, in the order of their names. */
final class RegressorAnswers implements Answers<Regressor> {
  private final List<ValueSpec> outputs;
  private final Regressor unknown = new RegressionFactory().getUnknownOutput();

  RegressorAnswers(Model<Regressor> model) {
    // Any regressor of the domain has all dimensions, sorted by name, as every prediction has them.
    outputs =
        List.of(
            Answers.named(
                "values",
                DataType.FLOAT64,
                List.of(
                    ((org.tribuo.regression.ImmutableRegressionInfo) model.getOutputIDInfo())
                        .getDomain().stream()
                            .flatMap(r -> List.of(r.getNames()).stream())
                            .distinct()
                            .sorted()
                            .toArray(String[]::new))));
  }

  @Override
  public List<ValueSpec> outputs() {
    return outputs;
  }

  @Override
  public Regressor unknown() {
    return unknown;
  }

  @Override
  public void write(Prediction<Regressor> prediction, RowBuffers target, int row) {
    write(prediction.getOutput().getValues(), target.region(0), row);
  }

  @Override
  public void write(int winner, double[] scores, double threshold, RowBuffers target, int row) {
    write(scores, target.region(0), row);
  }

  static void write(double[] values, ByteBuffer region, int row) {
    for (int i = 0; i < values.length; i++) {
      region.putDouble(8 * (row * values.length + i), values[i]);
    }
  }
}
