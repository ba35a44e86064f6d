package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.onnxruntime.OrtException;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A run that nobody waits for ends early, and the next one does not know. */
class CancelTest {
  private static final int WIDTH = 384;
  private static final int LAYERS = 2_000;

  /**
   * Many matrix products one after the other: seconds for many rows, and a place to stop after
   * each.
   */
  private static OnnxBytes slow() {
    float[] weights = new float[WIDTH * WIDTH];
    Random random = new Random(3);
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) (random.nextGaussian() / Math.sqrt(WIDTH));
    }
    OnnxBytes bytes = new OnnxBytes().weight("w", weights, WIDTH, WIDTH);
    String last = "x";
    for (int i = 0; i < LAYERS; i++) {
      String next = i == LAYERS - 1 ? "y" : "h" + i;
      bytes.node("MatMul", "m" + i, last + " w").node("Tanh", next, "m" + i);
      last = next;
    }
    return bytes.input("x", "n " + WIDTH).output("y", "n " + WIDTH);
  }

  private interface Run {
    void run() throws Exception;
  }

  /** Cancels once, when the run has used the processor for longer than anything but native code. */
  private static Throwable cancelled(Runner<?, ?> runner, Run run) throws InterruptedException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    long inside = threads.getThreadCpuTime(self) + 50_000_000;
    AtomicBoolean over = new AtomicBoolean();
    Thread canceller =
        new Thread(
            () -> {
              while (!over.get() && threads.getThreadCpuTime(self) < inside) {
                Thread.onSpinWait();
              }
              runner.cancel();
            });
    canceller.start();
    Throwable failure = catchThrowable(run::run);
    over.set(true);
    canceller.join();
    return failure;
  }

  @Test
  void cancel_codecRunInProgress_endsItEarly() {
    List<float[]> many = Runs.rows(new Random(1), 256, WIDTH);
    Runs.with(
        slow().load(OnnxOptions.defaults()),
        runner -> {
          float[] before = runner.runOne(many.get(0));
          long start = System.nanoTime();
          Runs.together(runner, many.subList(0, 16));
          long sixteen = System.nanoTime() - start;
          for (int turn = 0; turn < 3; turn++) {
            start = System.nanoTime();
            Throwable failure = cancelled(runner, () -> runner.run(many));
            assertThat(failure)
                .isInstanceOf(PredictionFailedException.class)
                .hasMessage("test v1: the run was cancelled")
                .hasCauseInstanceOf(OrtException.class);
            assertThat(System.nanoTime() - start).isLessThan(sixteen * 8);
            assertThat(runner.runOne(many.get(0))).isEqualTo(before);
          }
        });
  }

  @Test
  void cancel_tensorsRunInProgress_endsItEarly() {
    Random random = new Random(1);
    List<Tensors> rows =
        List.of(
            Tensors.of("x", Tensor.of(Runs.row(random, 64 * WIDTH), 64, WIDTH)),
            Tensors.of("x", Tensor.of(Runs.row(random, WIDTH), 1, WIDTH)));
    Runs.with(
        slow().load(OnnxLoader.tensors()),
        runner -> {
          Tensors before = runner.runOne(rows.get(1));
          Throwable failure = cancelled(runner, () -> runner.runOne(rows.get(0)));
          assertThat(failure)
              .isInstanceOf(PredictionFailedException.class)
              .hasMessage("test v1: the run was cancelled")
              .hasCauseInstanceOf(OrtException.class);
          assertThat(runner.runOne(rows.get(1))).isEqualTo(before);
        });
  }
}
