package dev.inflight.bench;

import dev.inflight.Codec;
import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.Predictor;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tribuo.TribuoLoader;
import java.io.IOException;
import java.nio.file.Path;
import org.tribuo.Model;
import org.tribuo.VariableInfo;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.impl.ArrayExample;

/** A stored Tribuo model, through Tribuo's own predict and through ours. */
final class TribuoVariants {
  private TribuoVariants() {}

  /** As Tribuo's documentation does it: a new example for each row. */
  static Variant own(Path directory, double[] row) throws IOException {
    Model<Label> model =
        Model.deserializeFromFile(directory.resolve("model.tribuo")).castModel(Label.class);
    String[] names = new String[row.length];
    int i = 0;
    for (VariableInfo feature : model.getFeatureIDMap()) {
      names[i++] = feature.getName();
    }
    return new Variant() {
      @Override
      public float call() {
        ArrayExample<Label> example = new ArrayExample<>(LabelFactory.UNKNOWN_LABEL, names, row);
        return (float) model.predict(example).getOutput().getScore();
      }

      @Override
      public void close() {}
    };
  }

  /** Through a predictor. */
  static Variant inflight(Path directory, double[] row) {
    Lanes lanes = Lanes.of(1);
    ModelSlot<double[], Float> slot =
        ModelSlot.of(
            TribuoLoader.of(scores()).load(ModelArtifact.of("bench", "1", directory)), lanes);
    Predictor<double[], Float> predictor = slot.predictor();
    return new Variant() {
      @Override
      public float call() {
        return predictor.predict(row);
      }

      @Override
      public void close() {
        slot.close();
        lanes.close();
      }
    };
  }

  private static Codec<double[], Float> scores() {
    return (artifact, signature) -> {
      int scores = signature.output("probabilities");
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
