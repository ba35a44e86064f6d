package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lane;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Drives one runner of one model on a lane of its own, the model closed after it. */
final class Runs {
  private Runs() {}

  /** Something done with a runner. */
  interface Work<I, O> {
    void with(Runner<I, O> runner) throws Exception;
  }

  static <I, O> void with(Model<I, O> model, Work<I, O> work) {
    try (model;
        Lanes lanes = Lanes.of(1)) {
      Runs.<I, O>on(model, lanes, work);
    }
  }

  private static <I, O> void on(Model<I, O> model, Lanes lanes, Work<I, O> work) {
    lanes.use(
        (Lane lane) -> {
          try (Runner<I, O> runner = model.newRunner(lane)) {
            work.with(runner);
            return model;
          } catch (RuntimeException e) {
            throw e;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  static <I, O> List<O> alone(Runner<I, O> runner, List<I> rows) throws Exception {
    List<O> answers = new ArrayList<>();
    for (I row : rows) {
      answers.add(runner.runOne(row));
    }
    return answers;
  }

  static <I, O> List<O> together(Runner<I, O> runner, List<I> rows) throws Exception {
    List<O> answers = new ArrayList<>();
    for (Outcome<O> outcome : runner.run(rows)) {
      answers.add(outcome.value());
    }
    assertThat(answers).hasSameSizeAs(rows);
    return answers;
  }

  static List<float[]> rows(Random random, int n, int width) {
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(row(random, width));
    }
    return rows;
  }

  static float[] row(Random random, int width) {
    float[] row = new float[width];
    for (int k = 0; k < width; k++) {
      row[k] = random.nextFloat() * 2 - 1;
    }
    return row;
  }

  /** Fails unless all are within 1e-6. */
  static void assertClose(List<float[]> actual, List<float[]> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i)).as("row %s", i).hasSameSizeAs(expected.get(i));
      for (int k = 0; k < actual.get(i).length; k++) {
        assertThat(actual.get(i)[k])
            .as("row %s, element %s", i, k)
            .isCloseTo(expected.get(i)[k], org.assertj.core.api.Assertions.within(1e-6f));
      }
    }
  }
}
