package dev.inflight.tribuo;

import com.sun.management.ThreadMXBean;
import dev.inflight.Codec;
import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.Predictor;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/**
 * Measures what a call costs, compiled and in Tribuo itself, by the thread's own CPU time, in turns
 * of a quarter of a second. Rows vary: a repeated row flatters the branch predictor.
 */
final class CompiledCost {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final long TURN_NANOS = 250_000_000;
  private static final int ROWS = 1 << 12;

  record Cost(double nanos, double bytes) {}

  private CompiledCost() {}

  public static void main(String[] args) throws Exception {
    report("logistic, 50 features", data(50, 4, 2000), false);
    report("forest, 100 trees, depth 8", data(20, 3, 4000), true);
  }

  private static void report(String name, MutableDataset<Label> data, boolean forest)
      throws Exception {
    Model<Label> trained =
        forest
            ? new RandomForestTrainer<>(
                    new CARTClassificationTrainer(9, 0.5f, 1), new VotingCombiner(), 100)
                .train(data)
            : new LogisticRegressionTrainer().train(data);
    Path file = Files.createTempFile("cost", ".tribuo");
    Files.write(file, trained.serialize().toByteArray());
    Model<Label> tribuo = Model.deserializeFromFile(file).castModel(Label.class);
    String[] names = tribuo.getFeatureIDMap().keySet().stream().sorted().toArray(String[]::new);
    double[][] rows = rows(names.length, ROWS, 99);
    ModelArtifact artifact = ModelArtifact.of("cost", "1", file);
    try (Lanes lanes = Lanes.of(1);
        var compiled = ModelSlot.of(TribuoLoader.of(first()).load(artifact), lanes);
        var flyweight =
            ModelSlot.of(TribuoLoader.of(first()).interpreted().load(artifact), lanes)) {
      Label unknown = LabelFactory.UNKNOWN_LABEL;
      List<ToDoubleFunction<double[]>> ways =
          List.of(
              row -> tribuo.predict(new ArrayExample<>(unknown, names, row)).getOutput().getScore(),
              call(flyweight.predictor()),
              call(compiled.predictor()));
      Cost[] costs = alternate(ways, rows, 12);
      for (int i = 0; i < costs.length; i++) {
        System.out.printf(
            Locale.ROOT,
            "%-28s %-12s %9.0f ns CPU %9.0f B  %5.1fx less%n",
            name,
            List.of("tribuo", "flyweight", "compiled").get(i),
            costs[i].nanos,
            costs[i].bytes,
            costs[0].nanos / costs[i].nanos);
      }
    }
    Files.delete(file);
  }

  private static ToDoubleFunction<double[]> call(Predictor<double[], Double> predictor) {
    return predictor::predict;
  }

  /** Arrays in the order of the model's columns; the answer is the greatest probability. */
  static Codec<double[], Double> first() {
    return (artifact, signature) ->
        new Codec.Bound<>() {
          @Override
          public void encode(double[] row, RowWriter writer) {
            writer.doubles(0).put(row);
          }

          @Override
          public Double decode(RowReader reader) {
            double best = 0;
            for (int i = 0; i < reader.elements(1); i++) {
              best = Math.max(best, reader.number(1, i));
            }
            return best;
          }
        };
  }

  /** The median cost of a call in each way; the first third of the turns is warm-up. */
  static Cost[] alternate(List<ToDoubleFunction<double[]>> ways, double[][] rows, int turns) {
    List<List<Double>> nanos = new ArrayList<>();
    double[] bytes = new double[ways.size()];
    ways.forEach(way -> nanos.add(new ArrayList<>()));
    double sink = 0;
    for (int turn = 0; turn < turns; turn++) {
      for (int w = 0; w < ways.size(); w++) {
        long calls = 0;
        long allocated = THREADS.getCurrentThreadAllocatedBytes();
        long start = THREADS.getCurrentThreadCpuTime();
        long end = start;
        while (end - start < TURN_NANOS) {
          for (int i = 0; i < 256; i++) {
            sink += ways.get(w).applyAsDouble(rows[(int) (calls++ % rows.length)]);
          }
          end = THREADS.getCurrentThreadCpuTime();
        }
        bytes[w] = (double) (THREADS.getCurrentThreadAllocatedBytes() - allocated) / calls;
        if (turn >= turns / 3) {
          nanos.get(w).add((double) (end - start) / calls);
        }
      }
    }
    if (Double.isNaN(sink)) {
      throw new IllegalStateException("expected answers");
    }
    Cost[] costs = new Cost[bytes.length];
    for (int w = 0; w < costs.length; w++) {
      List<Double> sorted = nanos.get(w).stream().sorted().toList();
      costs[w] = new Cost(sorted.get(sorted.size() / 2), bytes[w]);
    }
    return costs;
  }

  static double[][] rows(int features, int count, long seed) {
    Random random = new Random(seed);
    double[][] rows = new double[count][features];
    for (double[] row : rows) {
      Arrays.setAll(row, i -> random.nextGaussian());
    }
    return rows;
  }

  static MutableDataset<Label> data(int features, int labels, int count) {
    LabelFactory factory = new LabelFactory();
    var data = new MutableDataset<>(new SimpleDataSourceProvenance("cost", factory), factory);
    String[] names = new String[features];
    Arrays.setAll(names, i -> String.format(Locale.ROOT, "f%03d", i));
    Random random = new Random(1);
    for (double[] row : rows(features, count, 2)) {
      double sum = random.nextGaussian() / 2;
      for (int i = 0; i < features; i++) {
        sum += row[i] * Math.cos(i) + (i > 0 ? row[i] * row[i - 1] : 0);
      }
      int label = Math.floorMod((int) Math.floor(sum), labels);
      data.add(new ArrayExample<>(new Label("label" + label), names, row));
    }
    return data;
  }
}
