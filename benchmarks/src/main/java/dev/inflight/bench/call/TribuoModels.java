package dev.inflight.bench.call;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.tribuo.Dataset;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.datasource.ListDataSource;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/** Tribuo models, trained here on made-up data: two classes, a noisy linear border. */
public final class TribuoModels {
  /** The features of both models. */
  public static final int FEATURES = 50;

  private static final int TRAINING_ROWS = 400;
  private static final int DEPTH = 8;

  /** Kept, because a logger's level goes with it; training says a lot. */
  private static final Logger LOGGER = Logger.getLogger("org.tribuo");

  static {
    LOGGER.setLevel(Level.WARNING);
  }

  private TribuoModels() {}

  /** {@return a logistic regression} */
  public static Model<Label> logistic() {
    return new LogisticRegressionTrainer().train(data());
  }

  /** {@return a random forest of that many trees} */
  public static Model<Label> forest(int trees) {
    return new RandomForestTrainer<>(
            new CARTClassificationTrainer(DEPTH, 0.3f, 1), new VotingCombiner(), trees, 1)
        .train(data());
  }

  /** {@return the directory of a version that holds it} */
  static Path store(Model<Label> model) throws IOException {
    Path directory = Files.createTempDirectory("inflight-bench");
    directory.toFile().deleteOnExit();
    Path file = directory.resolve("model.tribuo");
    model.serializeToFile(file);
    file.toFile().deleteOnExit();
    return directory;
  }

  /** {@return the names of the features, in the order of the model} */
  static String[] names() {
    String[] names = new String[FEATURES];
    for (int i = 0; i < FEATURES; i++) {
      names[i] = String.format(Locale.ROOT, "f%02d", i);
    }
    return names;
  }

  /** {@return rows, all different} */
  public static List<double[]> rows(int n, long seed) {
    Random random = new Random(seed);
    List<double[]> rows = new ArrayList<>(n);
    for (int r = 0; r < n; r++) {
      double[] row = new double[FEATURES];
      for (int i = 0; i < FEATURES; i++) {
        // Tribuo drops zeros.
        row[i] = 0.01 + random.nextDouble();
      }
      rows.add(row);
    }
    return rows;
  }

  private static Dataset<Label> data() {
    LabelFactory labels = new LabelFactory();
    Random noise = new Random(4);
    List<org.tribuo.Example<Label>> examples = new ArrayList<>();
    for (double[] row : rows(TRAINING_ROWS, 9)) {
      double sum = noise.nextGaussian();
      for (int i = 0; i < FEATURES; i++) {
        sum += (i % 2 == 0 ? 1 : -1) * row[i];
      }
      examples.add(new ArrayExample<>(new Label(sum > 0 ? "yes" : "no"), names(), row));
    }
    return new MutableDataset<>(
        new ListDataSource<>(examples, labels, new SimpleDataSourceProvenance("made up", labels)));
  }
}
