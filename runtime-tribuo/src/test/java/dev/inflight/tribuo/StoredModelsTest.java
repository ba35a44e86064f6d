package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelSlot;
import dev.inflight.tensor.ValueSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.Example;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Output;
import org.tribuo.OutputFactory;
import org.tribuo.Prediction;
import org.tribuo.anomaly.Event;
import org.tribuo.classification.Label;
import org.tribuo.clustering.ClusterID;
import org.tribuo.multilabel.MultiLabel;
import org.tribuo.regression.Regressor;

/**
 * Expected answers were written by Tribuo itself, after training, and must come back bit for bit.
 */
class StoredModelsTest {
  private static final Lanes LANES = Lanes.of(1);
  private static final Set<String> TRUSTED = Set.of(StoredModels.LIB_LINEAR);

  @AfterAll
  static void closeLanes() {
    LANES.close();
  }

  static List<String> plain() {
    return StoredModels.plain();
  }

  @Test
  void storedModels_listed_areTheWholeSet() {
    assertThat(StoredModels.all())
        .contains("cancer-linear", "iris-forest", "sequence-crf", "multilabel-linear")
        .hasSizeGreaterThanOrEqualTo(12);
  }

  @ParameterizedTest
  @MethodSource("plain")
  void codecRows_everyExpectedRow_areBitIdentical(String name) {
    StoredModels.Table table = StoredModels.rows(name);
    var model =
        TribuoLoader.of(new ArrayCodec(table.names()))
            .allow(TRUSTED)
            .load(StoredModels.artifact(name));
    try (var slot = ModelSlot.of(model, LANES)) {
      List<String> got = new ArrayList<>();
      got.add(header(slot.info()));
      for (double[] row : table.rows()) {
        got.add(text(slot.info(), slot.predictor().predict(row)));
      }
      assertThat(got).isEqualTo(StoredModels.expected(name));
    }
  }

  @ParameterizedTest
  @MethodSource("plain")
  void codecRows_allAtOnce_areBitIdentical(String name) {
    StoredModels.Table table = StoredModels.rows(name);
    var model =
        TribuoLoader.of(new ArrayCodec(table.names()))
            .allow(TRUSTED)
            .load(StoredModels.artifact(name));
    try (var slot = ModelSlot.of(model, LANES)) {
      List<String> got =
          slot.predictor().predictAll(table.rows()).stream()
              .map(answer -> text(slot.info(), answer))
              .toList();
      List<String> expected = StoredModels.expected(name);
      assertThat(got).isEqualTo(expected.subList(1, expected.size()));
    }
  }

  @ParameterizedTest
  @MethodSource("plain")
  void examples_everyExpectedRow_areBitIdentical(String name) throws Exception {
    examples(name, StoredModels.factory(name));
  }

  private static <T extends Output<T>> void examples(String name, OutputFactory<T> factory)
      throws Exception {
    T unknown = factory.getUnknownOutput();
    Class<T> type = StoredModels.type(factory);
    StoredModels.Table table = StoredModels.rows(name);
    ImmutableOutputInfo<T> ids = StoredModels.tribuo(name).castModel(type).getOutputIDInfo();
    Model<Example<T>, Prediction<T>> model =
        TribuoLoader.examples(type).allow(TRUSTED).load(StoredModels.artifact(name));
    try (var slot = ModelSlot.of(model, LANES)) {
      List<String> got = new ArrayList<>();
      for (double[] row : table.rows()) {
        got.add(
            text(ids, slot.predictor().predict(StoredModels.example(unknown, table.names(), row))));
      }
      List<String> expected = StoredModels.expected(name);
      assertThat(got).isEqualTo(expected.subList(1, expected.size()));
    }
  }

  @Test
  void sequences_everyExpectedSequence_areEqual() {
    var model =
        TribuoLoader.sequences(Label.class).load(StoredModels.artifact(StoredModels.SEQUENCE));
    List<String> got = new ArrayList<>();
    got.add("position\tlabel");
    try (var slot = ModelSlot.of(model, LANES)) {
      for (var sequence : StoredModels.sequences()) {
        List<Prediction<Label>> answer = slot.predictor().predict(sequence);
        for (int i = 0; i < answer.size(); i++) {
          got.add(i + "\t" + answer.get(i).getOutput().getLabel());
        }
      }
    }
    assertThat(got).isEqualTo(StoredModels.expected(StoredModels.SEQUENCE));
  }

  @Test
  void libLinear_byDefault_isRefusedByName() {
    var loader = TribuoLoader.of(new ArrayCodec(StoredModels.rows(StoredModels.REFUSED).names()));
    assertRefused(() -> loader.load(StoredModels.artifact(StoredModels.REFUSED)));
    var examples = TribuoLoader.examples(Label.class).allow(Set.of("some.other.Name"));
    assertRefused(() -> examples.load(StoredModels.artifact(StoredModels.REFUSED)));
  }

  private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable load) {
    assertThatThrownBy(load)
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> {
              assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD);
              assertThat(e).hasMessageContaining(StoredModels.LIB_LINEAR).hasNoCause();
              assertThat(e).hasMessageContaining("iris-liblinear v1").hasMessageContaining("allow");
            });
  }

  @Test
  void allow_calledTwice_keepsBothAndLeavesTheFirstLoaderAlone() {
    var strict = TribuoLoader.examples(Label.class);
    var trusting = strict.allow(TRUSTED).allow(Set.of("some.other.Name"));
    try (var model = trusting.load(StoredModels.artifact(StoredModels.REFUSED))) {
      assertThat(model.info().name()).isEqualTo(StoredModels.REFUSED);
    }
    assertRefused(() -> strict.load(StoredModels.artifact(StoredModels.REFUSED)));
  }

  @Test
  void examples_ofAnotherKind_areRefused() {
    assertThatThrownBy(
            () ->
                TribuoLoader.examples(Regressor.class).load(StoredModels.artifact("iris-logistic")))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD));
  }

  @Test
  void sequenceFile_asPlainModel_isRefused() {
    for (TribuoLoader<?, ?> loader :
        List.of(
            TribuoLoader.examples(Label.class), TribuoLoader.of(new ArrayCodec(List.of("x"))))) {
      assertThatThrownBy(() -> loader.load(StoredModels.artifact(StoredModels.SEQUENCE)))
          .isInstanceOf(ModelLoadException.class);
    }
    assertThatThrownBy(
            () -> TribuoLoader.sequences(Label.class).load(StoredModels.artifact("iris-logistic")))
        .isInstanceOf(ModelLoadException.class);
  }

  // ---- as TribuoTrainer writes expected.tsv

  private static String header(ModelInfo info) {
    ValueSpec first = info.signature().outputs().get(0);
    return switch (first.name()) {
      case "anomalous" -> "event\tscore";
      case "cluster" -> "cluster";
      case "values" -> first.columns().stream().map("value:"::concat).collect(tabs());
      default -> {
        ValueSpec scores = info.signature().outputs().get(1);
        yield first.name() + "\t" + scores.columns().stream().map("score:"::concat).collect(tabs());
      }
    };
  }

  private static String text(ModelInfo info, Map<String, Object> answer) {
    List<ValueSpec> outputs = info.signature().outputs();
    Object first = answer.get(outputs.get(0).name());
    String head =
        switch (outputs.get(0).name()) {
          case "anomalous" -> ((boolean[]) first)[0] ? "ANOMALOUS" : "EXPECTED";
          case "labels" -> applying(outputs.get(0).columns(), (boolean[]) first);
          case "values" -> numbers((double[]) first);
          default -> first.toString();
        };
    return outputs.size() == 1
        ? head
        : head + "\t" + numbers((double[]) answer.get(outputs.get(1).name()));
  }

  private static String applying(List<String> labels, boolean[] applies) {
    Set<String> set = new TreeSet<>();
    for (int i = 0; i < applies.length; i++) {
      if (applies[i]) {
        set.add(labels.get(i));
      }
    }
    return set.isEmpty() ? "-" : String.join("|", set);
  }

  private static String numbers(double[] values) {
    return Arrays.stream(values).mapToObj(Double::toString).collect(tabs());
  }

  private static java.util.stream.Collector<CharSequence, ?, String> tabs() {
    return Collectors.joining("\t");
  }

  private static <T extends Output<T>> String text(ImmutableOutputInfo<T> ids, Prediction<T> p) {
    Object output = p.getOutput();
    if (output instanceof Regressor regressor) {
      return numbers(regressor.getValues());
    } else if (output instanceof ClusterID cluster) {
      return Integer.toString(cluster.getID());
    } else if (output instanceof Event event) {
      return event.getType() + "\t" + event.getScore();
    }
    StringBuilder text = new StringBuilder();
    if (output instanceof Label label) {
      text.append(label.getLabel());
    } else {
      Set<String> names = new TreeSet<>(((MultiLabel) output).getNameSet());
      text.append(names.isEmpty() ? "-" : String.join("|", names));
    }
    for (int i = 0; i < ids.size(); i++) {
      text.append('\t').append(score(ids.getOutput(i), p.getOutputScores()));
    }
    return text.toString();
  }

  private static double score(Object id, Map<String, ?> scores) {
    if (id instanceof Label label) {
      return ((Label) scores.get(label.getLabel())).getScore();
    }
    String name = ((MultiLabel) id).getLabelString();
    return ((MultiLabel) scores.get(name)).getLabelScore(new Label(name)).orElseThrow();
  }
}
