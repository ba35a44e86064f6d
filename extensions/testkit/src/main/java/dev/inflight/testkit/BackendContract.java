package dev.inflight.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.InferenceException;
import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.ModelSlot;
import dev.inflight.ModelUnavailableException;
import dev.inflight.Outcome;
import dev.inflight.Predictor;
import dev.inflight.Runner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of a backend. A subclass says what to load and with which rows; it passes when every
 * test here does.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public abstract class BackendContract<I, O> {
  private static final int THREADS = 4;
  private static final int SWAPS = 30;

  /** For subclasses. */
  protected BackendContract() {}

  /** {@return the loader under test} */
  protected abstract ModelLoader<I, O> loader();

  /** {@return a directory with one model that the loader loads} */
  protected abstract Path modelDirectory();

  /** {@return at least three rows with different answers, all valid} */
  protected abstract List<I> rows();

  /** {@return a row that must be refused before native code, if the row type can express one} */
  protected abstract Optional<I> invalidRow();

  /** {@return a row with NaN, if the row type can express one} */
  protected abstract Optional<I> nanRow();

  /**
   * {@return a row that passes {@code validate} and fails where it is encoded, if there can be one}
   */
  protected Optional<I> poisonRow() {
    return Optional.empty();
  }

  /**
   * {@return whether an answer from a run of several rows is that of the row alone} The same bits,
   * unless the backend's arithmetic depends on the batch.
   */
  protected boolean close(O together, O alone) {
    return same(together, alone);
  }

  /** {@return whether two answers are the same, bit for bit} */
  protected boolean same(O a, O b) {
    return a.equals(b);
  }

  private Model<I, O> load() {
    return load(ModelArtifact.of("contract", "1", modelDirectory()));
  }

  private Model<I, O> load(ModelArtifact artifact) {
    try {
      return loader().load(artifact);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private List<O> alone(Model<I, O> model) {
    return withRunner(
        model,
        runner -> {
          List<O> answers = new ArrayList<>();
          for (I row : rows()) {
            answers.add(runner.run(List.of(row)).get(0).value());
          }
          return answers;
        });
  }

  /** Something done with a runner. */
  private interface Work<I, O, T> {
    T with(Runner<I, O> runner) throws Exception;
  }

  private <T> T withRunner(Model<I, O> model, Work<I, O, T> work) {
    try (Lanes lanes = Lanes.of(1)) {
      return lanes.use(
          (Lane lane) -> {
            try (Runner<I, O> runner = model.newRunner(lane)) {
              return work.with(runner);
            } catch (RuntimeException e) {
              throw e;
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
    }
  }

  @Test
  final void info_ofLoadedModel_isThatOfItsArtifact() {
    ModelArtifact artifact = ModelArtifact.of("contract", "7", modelDirectory());
    try (Model<I, O> model = load(artifact)) {
      ModelInfo info = model.info();
      assertThat(info.name()).isEqualTo("contract");
      assertThat(info.version()).isEqualTo("7");
      assertThat(info.digest()).isEqualTo(artifact.digest());
      assertThat(info.runtime()).isNotBlank();
    }
  }

  @Test
  final void rows_ofTheSubclass_haveDifferentAnswers() {
    try (Model<I, O> model = load()) {
      List<O> answers = alone(model);
      assertThat(answers).hasSizeGreaterThanOrEqualTo(3);
      assertThat(same(answers.get(0), answers.get(1)) && same(answers.get(1), answers.get(2)))
          .isFalse();
    }
  }

  @Test
  final void run_ofManyRows_answersInOrder() {
    try (Model<I, O> model = load()) {
      List<O> alone = alone(model);
      withRunner(
          model,
          runner -> {
            for (int n = 1; n <= rows().size(); n++) {
              List<Outcome<O>> outcomes = runner.run(rows().subList(0, n));
              assertThat(outcomes).hasSize(n);
              for (int i = 0; i < n; i++) {
                assertThat(outcomes.get(i).succeeded()).isTrue();
              }
            }
            return runner;
          });
      // Row by row again, backwards: a row's answer does not depend on what ran before.
      withRunner(
          model,
          runner -> {
            for (int i = rows().size() - 1; i >= 0; i--) {
              assertThat(same(runner.run(List.of(rows().get(i))).get(0).value(), alone.get(i)))
                  .isTrue();
            }
            return runner;
          });
    }
  }

  @Test
  final void runOne_ofEveryRow_answersLikeRun() {
    try (Model<I, O> model = load()) {
      List<O> alone = alone(model);
      withRunner(
          model,
          runner -> {
            for (int turn = 0; turn < 3; turn++) {
              for (int i = 0; i < alone.size(); i++) {
                assertThat(same(runner.runOne(rows().get(i)), alone.get(i))).isTrue();
              }
              runner.run(rows());
            }
            return runner;
          });
    }
  }

  @Test
  final void run_ofRowsThatBatch_answersLikeEachAlone() {
    try (Model<I, O> model = load()) {
      assertThat(model.maxBatch()).isPositive();
      List<O> alone = alone(model);
      withRunner(
          model,
          runner -> {
            for (int n = alone.size(); n > 0; n--) {
              assertAnswers(runner.run(rows().subList(0, n)), alone);
            }
            return runner;
          });
      for (I row : rows()) {
        assertThat(model.rows(row)).isPositive();
        assertThat(model.bytes(row)).isNotNegative();
        assertThat(model.batchesWith(row, row) || model.maxBatch() == 1).isTrue();
      }
    }
  }

  private void assertAnswers(List<Outcome<O>> outcomes, List<O> alone) {
    for (int i = 0; i < outcomes.size(); i++) {
      assertThat(close(outcomes.get(i).value(), alone.get(i))).isTrue();
    }
  }

  @Test
  final void run_ofPoisonRow_setsItAsideLikeRunOne() {
    if (poisonRow().isEmpty()) {
      return;
    }
    I poison = poisonRow().get();
    try (Model<I, O> model = load()) {
      List<O> alone = alone(model);
      withRunner(
          model,
          runner -> {
            for (int bad = 0; bad <= rows().size(); bad++) {
              List<I> mixed = new ArrayList<>(rows());
              mixed.add(bad, poison);
              List<Outcome<O>> outcomes = new ArrayList<>(runner.run(mixed));
              assertThat(outcomes).hasSize(mixed.size());
              InferenceException failure = outcomes.remove(bad).failure();
              assertAnswers(outcomes, alone);
              assertThatThrownBy(() -> runner.runOne(poison))
                  .isInstanceOf(failure.getClass())
                  .hasMessage(failure.getMessage());
              assertThat(same(runner.runOne(rows().get(0)), alone.get(0))).isTrue();
            }
            return runner;
          });
    }
  }

  @Test
  final void run_ofNoRows_givesNoOutcomes() {
    try (Model<I, O> model = load()) {
      int outcomes = withRunner(model, runner -> runner.run(List.of()).size());
      assertThat(outcomes).isZero();
    }
  }

  @Test
  final void predict_twice_isDeterministic() {
    try (Model<I, O> model = load()) {
      List<O> first = alone(model);
      List<O> second = alone(model);
      for (int i = 0; i < first.size(); i++) {
        assertThat(same(first.get(i), second.get(i))).isTrue();
      }
    }
  }

  @Test
  final void predict_ofInvalidRow_isRefusedAndTheNextRowIsAnswered() {
    if (invalidRow().isEmpty()) {
      return;
    }
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<I, O> slot = ModelSlot.of(load(), lanes)) {
      Predictor<I, O> predictor = slot.predictor();
      assertThatThrownBy(() -> predictor.predict(invalidRow().get()))
          .isInstanceOf(InvalidInputException.class);
      assertThat(predictor.predict(rows().get(0))).isNotNull();
    }
  }

  @Test
  final void predict_ofNaN_isAnsweredOrRefused() {
    if (nanRow().isEmpty()) {
      return;
    }
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<I, O> slot = ModelSlot.of(load(), lanes)) {
      try {
        assertThat(slot.predictor().predict(nanRow().get())).isNotNull();
      } catch (InvalidInputException e) {
        assertThat(e).hasMessageContaining("expected");
      }
    }
  }

  @Test
  final void load_ofBytesThatChanged_isRefused(@TempDir Path directory) throws IOException {
    ModelArtifact artifact = copy(directory);
    Path file = directory.resolve(artifact.files().firstKey());
    for (String name : artifact.files().keySet()) {
      Path path = directory.resolve(name);
      byte[] bytes = Files.readAllBytes(path);
      bytes[bytes.length / 2] ^= 1;
      Files.write(path, bytes);
    }
    assertThat(file).exists();
    assertThatThrownBy(() -> loader().load(artifact))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.VERIFY));
  }

  @Test
  final void load_ofGarbage_isRefused(@TempDir Path directory) throws IOException {
    ModelArtifact original = copy(directory);
    for (String name : original.files().keySet()) {
      Files.writeString(directory.resolve(name), "this is not a model");
    }
    ModelArtifact garbage = ModelArtifact.of("contract", "1", directory);
    assertThatThrownBy(() -> loader().load(garbage)).isInstanceOf(ModelLoadException.class);
  }

  private ModelArtifact copy(Path target) throws IOException {
    ModelArtifact artifact = ModelArtifact.of("contract", "1", modelDirectory());
    for (String name : artifact.files().keySet()) {
      Path path = target.resolve(name);
      Files.createDirectories(path.getParent());
      Files.copy(modelDirectory().resolve(name), path);
    }
    return ModelArtifact.of("contract", "1", target);
  }

  @Test
  final void swap_underLoad_closesEachVersionOnceAndNeverDuringARun() throws Exception {
    List<GuardedModel<I, O>> versions = new ArrayList<>();
    List<O> expected;
    try (Model<I, O> model = load()) {
      expected = alone(model);
    }
    ExecutorService callers = Executors.newFixedThreadPool(THREADS);
    try (Lanes lanes = Lanes.of(2)) {
      versions.add(new GuardedModel<>(load()));
      ModelSlot<I, O> slot = ModelSlot.of(versions.get(0), lanes);
      List<Future<Long>> calls = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        calls.add(callers.submit(() -> callUntilClosed(slot.predictor(), expected)));
      }
      for (int i = 0; i < SWAPS; i++) {
        versions.add(new GuardedModel<>(load()));
        slot.swap(versions.get(i + 1)).get(30, TimeUnit.SECONDS);
      }
      slot.close();
      for (Future<Long> call : calls) {
        assertThat(call.get(30, TimeUnit.SECONDS)).isPositive();
      }
    } finally {
      callers.shutdownNow();
    }
    for (GuardedModel<I, O> version : versions) {
      assertThat(version.closes()).isEqualTo(1);
      assertThat(version.violations()).isZero();
    }
  }

  private long callUntilClosed(Predictor<I, O> predictor, List<O> expected) {
    long calls = 0;
    try {
      while (true) {
        int i = (int) (calls++ % expected.size());
        // Calls that meet share a run, so the last bits may differ from those of a run alone.
        assertThat(close(predictor.predict(rows().get(i)), expected.get(i))).isTrue();
      }
    } catch (ModelUnavailableException e) {
      return calls;
    }
  }
}
