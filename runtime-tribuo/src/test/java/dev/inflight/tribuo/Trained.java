package dev.inflight.tribuo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.Output;
import org.tribuo.OutputFactory;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.dtree.impurity.GiniIndex;
import org.tribuo.classification.ensemble.AdaBoostTrainer;
import org.tribuo.classification.ensemble.FullyWeightedVotingCombiner;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.sgd.linear.LinearSGDTrainer;
import org.tribuo.classification.sgd.linear.LogisticRegressionTrainer;
import org.tribuo.classification.sgd.objectives.Hinge;
import org.tribuo.common.tree.ExtraTreesTrainer;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.ensemble.BaggingTrainer;
import org.tribuo.ensemble.WeightedEnsembleModel;
import org.tribuo.impl.ArrayExample;
import org.tribuo.math.optimisers.AdaGrad;
import org.tribuo.multilabel.MultiLabel;
import org.tribuo.multilabel.MultiLabelFactory;
import org.tribuo.multilabel.sgd.objectives.BinaryCrossEntropy;
import org.tribuo.provenance.SimpleDataSourceProvenance;
import org.tribuo.regression.RegressionFactory;
import org.tribuo.regression.Regressor;
import org.tribuo.regression.ensemble.AveragingCombiner;
import org.tribuo.regression.rtree.CARTJointRegressionTrainer;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;
import org.tribuo.regression.sgd.objectives.SquaredLoss;
import org.tribuo.regression.slm.ElasticNetCDTrainer;
import org.tribuo.regression.slm.LARSLassoTrainer;
import org.tribuo.regression.slm.SLMTrainer;

/** Small models that Tribuo's own trainers make, one of each kind that is compiled. */
final class Trained {
  /**
   * Not in the order of their names; the last one has few values, so Tribuo calls it a category.
   */
  static final List<String> FEATURES =
      List.of("m", "b", "zeta", "A", "k", "c", "é", "x1", "x10", "x2", "category");

  private static final int DEPTH = 7;

  private Trained() {}

  private static final Map<String, Supplier<Model<?>>> MODELS = new TreeMap<>();
  private static final Map<String, Model<?>> DONE = new ConcurrentHashMap<>();

  static Set<String> names() {
    return new TreeSet<>(MODELS.keySet());
  }

  static Model<?> model(String name) {
    return DONE.computeIfAbsent(name, n -> Objects.requireNonNull(MODELS.get(n)).get());
  }

  static {
    labels("logistic", new LogisticRegressionTrainer());
    labels("linear-hinge", new LinearSGDTrainer(new Hinge(), new AdaGrad(0.1), 3, 7));
    labels("label-tree", new CARTClassificationTrainer(DEPTH));
    labels("label-stump", new CARTClassificationTrainer(1));
    labels("forest-voting", new RandomForestTrainer<>(cart(), new VotingCombiner(), 30));
    labels("forest-full", new RandomForestTrainer<>(cart(), new FullyWeightedVotingCombiner(), 30));
    labels(
        "extra-trees",
        new ExtraTreesTrainer<>(
            new CARTClassificationTrainer(DEPTH, 5, 0, 0.5f, true, new GiniIndex(), 3),
            new VotingCombiner(),
            20));
    labels("bagged", new BaggingTrainer<>(cart(), new FullyWeightedVotingCombiner(), 9));
    labels(
        "forest-deep",
        new RandomForestTrainer<>(
            new CARTClassificationTrainer(Integer.MAX_VALUE, 1, 0, 0.5f, false, new GiniIndex(), 3),
            new VotingCombiner(),
            20));
    // AdaBoost's weights sum to 1, so no child ever weighs the usual 5.
    labels(
        "boosted",
        new AdaBoostTrainer(
            new CARTClassificationTrainer(4, 0.001f, 0, 1, new GiniIndex(), 3), 20));
    MODELS.put("own-weights", Trained::ownWeights);
    values(
        "linear-regression",
        new org.tribuo.regression.sgd.linear.LinearSGDTrainer(
            new SquaredLoss(), new AdaGrad(0.1), 3, 7));
    values("elastic-net", new ElasticNetCDTrainer(0.5, 0.5));
    values("lasso", new LARSLassoTrainer(4));
    values("sparse-normalised", new SLMTrainer(true, 6));
    values("sparse-plain", new SLMTrainer(false));
    values("value-tree", new CARTRegressionTrainer(DEPTH));
    values("joint-tree", new CARTJointRegressionTrainer(DEPTH));
    values("value-forest", new RandomForestTrainer<>(independent(), new AveragingCombiner(), 30));
    values("joint-forest", new RandomForestTrainer<>(joint(), new AveragingCombiner(), 30));
    values("value-bagged", new BaggingTrainer<>(joint(), new AveragingCombiner(), 7));
    multiLabels(
        "multilabel",
        new org.tribuo.multilabel.sgd.linear.LinearSGDTrainer(
            new BinaryCrossEntropy(), new AdaGrad(0.1), 3, 7));
    multiLabels(
        "multilabel-hinge",
        new org.tribuo.multilabel.sgd.linear.LinearSGDTrainer(
            new org.tribuo.multilabel.sgd.objectives.Hinge(), new AdaGrad(0.1), 3, 7));
  }

  private static CARTClassificationTrainer cart() {
    return new CARTClassificationTrainer(DEPTH, 0.5f, 3);
  }

  private static CARTRegressionTrainer independent() {
    return new CARTRegressionTrainer(DEPTH, 5, 0.0f, 0.5f, false, new MeanSquaredError(), 3);
  }

  private static CARTJointRegressionTrainer joint() {
    return new CARTJointRegressionTrainer(
        DEPTH, 5, 0.0f, 0.5f, false, new MeanSquaredError(), false, 3);
  }

  private static void labels(String name, Trainer<Label> trainer) {
    MODELS.put(name, () -> trainer.train(labels(1)));
  }

  private static void values(String name, Trainer<Regressor> trainer) {
    MODELS.put(name, () -> trainer.train(values(1)));
  }

  private static void multiLabels(String name, Trainer<MultiLabel> trainer) {
    MODELS.put(name, () -> trainer.train(multiLabels(1)));
  }

  /** Members with domains of their own, whose labels have other ids than the ensemble's. */
  private static Model<?> ownWeights() {
    List<Model<Label>> members = new ArrayList<>();
    float[] weights = new float[5];
    for (int i = 0; i < weights.length; i++) {
      members.add(cart().train(labels(i + 1)));
      weights[i] = 0.1f * (i + 1);
    }
    return WeightedEnsembleModel.createEnsembleFromExistingModels(
        "own-weights", members, new FullyWeightedVotingCombiner(), weights);
  }

  static MutableDataset<Label> labels(long seed) {
    String[] names = {"red", "Green", "blue", "aqua"};
    return data(
        seed,
        new LabelFactory(),
        (row, noise) ->
            new Label(names[Math.floorMod((int) (2 * row[0] + row[1] * row[2] + noise), 4)]));
  }

  static MutableDataset<Regressor> values(long seed) {
    return data(
        seed,
        new RegressionFactory(),
        (row, noise) ->
            new Regressor(
                new String[] {"y", "a", "mid"},
                new double[] {
                  row[0] - 3 * row[1] + noise, row[2] * row[3], Math.abs(row[4]) + noise
                }));
  }

  static MutableDataset<MultiLabel> multiLabels(long seed) {
    return data(
        seed,
        new MultiLabelFactory(),
        (row, noise) -> {
          Set<Label> labels = new HashSet<>();
          if (row[0] > noise) {
            labels.add(new Label("up"));
          }
          if (row[1] + row[2] > 0) {
            labels.add(new Label("down"));
          }
          labels.add(new Label(row[3] > 1 ? "Left" : "right"));
          return new MultiLabel(labels);
        });
  }

  private interface Truth<T> {
    T of(double[] row, double noise);
  }

  private static <T extends Output<T>> MutableDataset<T> data(
      long seed, OutputFactory<T> factory, Truth<T> truth) {
    var data = new MutableDataset<>(new SimpleDataSourceProvenance("test", factory), factory);
    Random random = new Random(seed);
    String[] names = FEATURES.toArray(new String[0]);
    for (int i = 0; i < 300; i++) {
      double[] row = row(random);
      T output = truth.of(row, random.nextGaussian());
      // Tribuo knows a missing feature as no feature at all.
      int n = random.nextInt(4) == 0 ? names.length - 3 : names.length;
      data.add(new ArrayExample<>(output, Arrays.copyOf(names, n), Arrays.copyOf(row, n)));
    }
    return data;
  }

  static double[] row(Random random) {
    double[] row = new double[FEATURES.size()];
    for (int i = 0; i < row.length - 1; i++) {
      row[i] = random.nextGaussian() * (i + 1);
    }
    row[row.length - 1] = random.nextInt(3);
    return row;
  }
}
