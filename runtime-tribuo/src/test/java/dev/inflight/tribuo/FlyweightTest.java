package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.Model;
import org.tribuo.Output;
import org.tribuo.OutputFactory;
import org.tribuo.Prediction;
import org.tribuo.anomaly.Event;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.clustering.ClusterID;
import org.tribuo.impl.ArrayExample;
import org.tribuo.multilabel.MultiLabel;
import org.tribuo.regression.Regressor;
import org.tribuo.util.Merger;

/** A row read in place must be to Tribuo what its own example is. */
class FlyweightTest {
  private static final String[] ABC = {"b", "a", "c"};

  static List<String> plain() {
    return StoredModels.plain();
  }

  @ParameterizedTest
  @MethodSource("plain")
  void predictions_overRandomRows_areBitIdenticalToArrayExample(String name) throws Exception {
    compare(name, StoredModels.factory(name));
  }

  private static <T extends Output<T>> void compare(String name, OutputFactory<T> factory)
      throws Exception {
    T unknown = factory.getUnknownOutput();
    Model<T> model = StoredModels.tribuo(name).castModel(StoredModels.type(factory));
    StoredModels.Table table = StoredModels.rows(name);
    long seed = Long.getLong("inflight.seed", System.nanoTime());
    Random random = new Random(seed);
    String[] names = table.names().toArray(new String[0]);
    FlyweightExample<T> flyweight = new FlyweightExample<>(names, unknown);
    // The row is somewhere inside a larger buffer, between values that must not be read.
    DoubleBuffer buffer = DoubleBuffer.allocate(3 * names.length);
    for (int i = 0; i < 500; i++) {
      double[] row = random(table.rows(), random);
      int start = random.nextInt(2 * names.length + 1);
      for (int k = 0; k < buffer.capacity(); k++) {
        buffer.put(k, Double.NaN);
      }
      for (int k = 0; k < row.length; k++) {
        buffer.put(start + k, row[k]);
      }
      String expected = text(model.predict(new ArrayExample<>(unknown, names, row)));
      String got = text(model.predict(flyweight.read(buffer, start)));
      assertThat(got).as("%s, seed %d, row %d", name, seed, i).isEqualTo(expected);
    }
  }

  /** A row of real values, mixed from all rows, some of them scaled, negated or zero. */
  private static double[] random(List<double[]> rows, Random random) {
    double[] row = new double[rows.get(0).length];
    for (int i = 0; i < row.length; i++) {
      double real = rows.get(random.nextInt(rows.size()))[i];
      row[i] =
          switch (random.nextInt(6)) {
            case 0 -> real * random.nextGaussian();
            case 1 -> random.nextBoolean() ? 0.0 : -real;
            default -> real;
          };
    }
    return row;
  }

  /** Everything a prediction says, every double by its exact text. */
  private static <T extends Output<T>> String text(Prediction<T> p) {
    Map<String, String> scores = new TreeMap<>();
    p.getOutputScores().forEach((label, score) -> scores.put(label, text(score)));
    return text(p.getOutput())
        + scores
        + p.hasProbabilities()
        + p.getNumActiveFeatures()
        + "/"
        + p.getExampleSize();
  }

  private static String text(Object output) {
    if (output instanceof Label label) {
      return label.getLabel() + label.getScore();
    } else if (output instanceof Regressor regressor) {
      return String.join(",", regressor.getNames())
          + Arrays.toString(regressor.getValues())
          + Arrays.toString(regressor.getVariances());
    } else if (output instanceof Event event) {
      return event.getType() + "" + event.getScore();
    } else if (output instanceof ClusterID cluster) {
      return cluster.getID() + "" + cluster.getScore();
    }
    List<String> labels = new ArrayList<>();
    ((MultiLabel) output).getLabelSet().forEach(l -> labels.add(l.getLabel() + l.getScore()));
    labels.sort(null);
    return labels.toString();
  }

  @Test
  void features_ofUnsortedColumns_comeSortedWithTheirOwnValues() {
    FlyweightExample<Label> example = abc(1, 2, 3);
    List<String> seen = new ArrayList<>();
    example.forEach(f -> seen.add(f.getName() + "=" + f.getValue()));
    assertThat(seen).containsExactly("a=2.0", "b=1.0", "c=3.0");
    assertThat(example.size()).isEqualTo(3);
    assertThat(example.validateExample()).isTrue();
  }

  @Test
  void read_ofNextRow_changesTheSameFeatures() {
    DoubleBuffer buffer = DoubleBuffer.wrap(new double[] {1, 2, 3, 4, 5, 6});
    FlyweightExample<Label> example =
        new FlyweightExample<>(ABC, LabelFactory.UNKNOWN_LABEL).read(buffer, 0);
    Feature a = example.iterator().next();
    assertThat(a.getValue()).isEqualTo(2);
    assertThat(example.read(buffer, 3)).isSameAs(example);
    assertThat(a.getValue()).isEqualTo(5);
    buffer.put(4, 7);
    assertThat(a.getValue()).isEqualTo(7);
  }

  @Test
  void copies_afterTheRowChanged_keepTheOldValues() {
    DoubleBuffer buffer = DoubleBuffer.wrap(new double[] {1, 2, 3});
    FlyweightExample<Label> example =
        new FlyweightExample<>(ABC, LabelFactory.UNKNOWN_LABEL).read(buffer, 0);
    Feature clone = example.iterator().next().clone();
    Example<Label> copy = example.copy();
    buffer.put(1, 99);
    assertThat(clone.getValue()).isEqualTo(2);
    assertThat(copy).isInstanceOf(ArrayExample.class);
    assertThat(copy.lookup("a").getValue()).isEqualTo(2);
    copy.set(new Feature("a", 5));
    assertThat(copy.lookup("a").getValue()).isEqualTo(5);
    assertThat(example.lookup("a").getValue()).isEqualTo(99);
  }

  @Test
  void serialize_ofRow_restoresToTheSameValues() {
    Example<?> restored = Example.deserialize(abc(1, 2, 3).serialize());
    assertThat(restored.lookup("a").getValue()).isEqualTo(2);
    assertThat(restored.lookup("c").getValue()).isEqualTo(3);
  }

  @Test
  void columns_givenTwice_areRefused() {
    assertThatThrownBy(
            () -> new FlyweightExample<>(new String[] {"x", "y", "x"}, LabelFactory.UNKNOWN_LABEL))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'x'");
  }

  @Test
  void toString_ofExampleAndFeature_hasNoValues() {
    FlyweightExample<Label> example = abc(123.25, 123.25, 123.25);
    assertThat(example.toString()).doesNotContain("123.25");
    assertThat(example.iterator().next().toString()).doesNotContain("123.25");
  }

  @Test
  void changes_ofAnyKind_areRefused() {
    FlyweightExample<Label> example = abc(1, 2, 3);
    Feature feature = new Feature("a", 1);
    assertReadOnly(() -> example.add(feature));
    assertReadOnly(() -> example.addAll(List.of(feature)));
    assertReadOnly(() -> example.set(feature));
    assertReadOnly(() -> example.removeFeatures(List.of(feature)));
    assertReadOnly(() -> example.reduceByName(Merger.add()));
    assertReadOnly(() -> example.densify(List.of("z")));
    example.addAll(List.of());
    assertThat(example.size()).isEqualTo(3);
  }

  private static void assertReadOnly(org.assertj.core.api.ThrowableAssert.ThrowingCallable change) {
    assertThatThrownBy(change).isInstanceOf(UnsupportedOperationException.class);
  }

  private static FlyweightExample<Label> abc(double b, double a, double c) {
    return new FlyweightExample<>(ABC, LabelFactory.UNKNOWN_LABEL)
        .read(DoubleBuffer.wrap(new double[] {b, a, c}), 0);
  }
}
