package dev.inflight.bench.call;

import dev.inflight.Codec;
import dev.inflight.ModelArtifact;
import dev.inflight.Predictor;
import dev.inflight.bench.model.Cycle;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tribuo.TribuoLoader;
import java.io.IOException;
import java.util.List;
import org.tribuo.Model;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.impl.ArrayExample;

/** A Tribuo model, through Tribuo's own predict and through ours. */
public final class TribuoVariants {
  private TribuoVariants() {}

  /** As Tribuo's documentation does it: a new example for each row. */
  public static Variant own(Model<Label> model, List<double[]> rows) {
    String[] names = TribuoModels.names();
    Cycle<double[]> cycle = new Cycle<>(rows);
    return () ->
        (float)
            model
                .predict(new ArrayExample<>(LabelFactory.UNKNOWN_LABEL, names, cycle.next()))
                .getOutput()
                .getScore();
  }

  /** Through a predictor, one row. */
  public static Variant inflight(Model<Label> model, List<double[]> rows) throws IOException {
    Serving<double[], Float> serving =
        new Serving<>(
            TribuoLoader.of(scores())
                .load(ModelArtifact.of("bench", "1", TribuoModels.store(model))),
            1);
    Predictor<double[], Float> predictor = serving.predictor();
    Cycle<double[]> cycle = new Cycle<>(rows);
    return new Variant() {
      @Override
      public float call() {
        return predictor.predict(cycle.next());
      }

      @Override
      public void close() {
        serving.close();
      }
    };
  }

  private static Codec<double[], Float> scores() {
    return (artifact, signature) -> {
      int scores = signature.outputs().size() - 1;
      return new Codec.Bound<double[], Float>() {
        @Override
        public void encode(double[] row, RowWriter writer) {
          writer.doubles(0).put(row);
        }

        @Override
        public Float decode(RowReader reader) {
          return (float) reader.number(scores, 0);
        }
      };
    };
  }
}
