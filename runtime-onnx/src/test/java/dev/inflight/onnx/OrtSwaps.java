package dev.inflight.onnx;

import dev.inflight.CallOptions;
import dev.inflight.Codec;
import dev.inflight.InferenceListener;
import dev.inflight.InferenceRun;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.Prediction;
import dev.inflight.testkit.GuardedModel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** S1b: real sessions swapped under load; every answer is that of the version it says it is of. */
final class OrtSwaps {
  private static final int LANES = 2;
  private static final int CALLERS = 8;
  private static final int WATCHED = 100;
  private static final long EVERY = TimeUnit.MILLISECONDS.toNanos(10);

  /** One for all versions, as in an application: the codec looks into the records once. */
  private static final OnnxLoader<Cell, Verdict> LOADER =
      OnnxLoader.of(Codec.records(Cell.class, Verdict.class));

  private final Verdict[] expected = {alone(load(0)), alone(load(1))};
  private final LongAdder answered = new LongAdder();
  private final Deque<GuardedModel<Cell, Verdict>> open = new ArrayDeque<>();
  private final Deque<GuardedModel<Cell, Verdict>> closed = new ArrayDeque<>();
  private volatile boolean stop;
  private int versions;
  private int mostOpen;
  private long openOverThree;
  private long violations;

  private OrtSwaps() {}

  record Cell(
      float meanRadius,
      float meanTexture,
      float meanPerimeter,
      float meanArea,
      float meanSmoothness,
      float meanCompactness,
      float meanConcavity,
      float meanConcavePoints,
      float meanSymmetry,
      float meanFractalDimension) {}

  record Verdict(String label, float probability) {}

  static final Cell CELL =
      new Cell(14.1f, 19.3f, 92f, 655f, 0.1f, 0.1f, 0.09f, 0.05f, 0.18f, 0.06f);

  /** Even versions are one model, odd ones another with the same signature. */
  static Path directory(int version) {
    String name = version % 2 == 0 ? "cancer-boosted" : "cancer-logistic";
    return Path.of(System.getProperty("inflight.root"), "testmodels/onnx", name);
  }

  static GuardedModel<Cell, Verdict> load(int version) {
    return load(ModelArtifact.of("cancer", Integer.toString(version), directory(version)));
  }

  static GuardedModel<Cell, Verdict> load(ModelArtifact artifact) {
    return new GuardedModel<>(LOADER.load(artifact));
  }

  private static Verdict alone(Model<Cell, Verdict> model) {
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Cell, Verdict> slot = ModelSlot.of(model, lanes)) {
      return slot.predictor().predict(CELL);
    }
  }

  /** Arguments: at least so many swaps, and so many predictions, or so many seconds. */
  public static void main(String[] arguments) throws Exception {
    new OrtSwaps()
        .run(
            Integer.parseInt(arguments[0]),
            Long.parseLong(arguments[1]),
            TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[2])));
  }

  private void run(int swaps, long predictions, long atMost) throws Exception {
    if (expected[0].equals(expected[1])) {
      throw new IllegalStateException("the two models answer the same");
    }
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    List<Long> rss = new ArrayList<>();
    long begin = System.nanoTime();
    try (Lanes lanes = Lanes.of(LANES)) {
      ModelSlot<Cell, Verdict> slot = ModelSlot.of(next(), lanes);
      AutoCloseable listening =
          slot.listen(
              new InferenceListener() {
                @Override
                public void onRun(InferenceRun run) {
                  throw new IllegalStateException("a listener that always throws");
                }
              });
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        calls.add(callers.submit(() -> call(slot)));
      }
      while (!isEnough(swaps, predictions, System.nanoTime() - begin >= atMost)) {
        long at = System.nanoTime();
        var unused = slot.swap(next());
        rss.add(Held.rss());
        LockSupport.parkNanos(Math.max(0, at + EVERY - System.nanoTime()));
      }
      stop = true;
      for (Future<?> call : calls) {
        call.get(30, TimeUnit.SECONDS);
      }
      listening.close();
      slot.close();
    } finally {
      stop = true;
      callers.shutdownNow();
    }
    sweep();
    while (!closed.isEmpty()) {
      forget();
    }
    report(rss, System.nanoTime() - begin);
  }

  private boolean isEnough(int swaps, long predictions, boolean late) {
    return late || (versions > swaps && answered.sum() >= predictions);
  }

  private GuardedModel<Cell, Verdict> next() {
    GuardedModel<Cell, Verdict> next = load(versions++);
    open.add(next);
    sweep();
    mostOpen = Math.max(mostOpen, open.size());
    openOverThree += open.size() > 3 ? 1 : 0;
    return next;
  }

  /** Those that were closed are watched for a while: whoever uses them now breaks a promise. */
  private void sweep() {
    open.removeIf(model -> model.closes() > 0 && closed.add(model));
    while (closed.size() > WATCHED) {
      forget();
    }
  }

  private void forget() {
    GuardedModel<Cell, Verdict> model = closed.remove();
    violations += model.violations() + (model.closes() == 1 ? 0 : 1);
  }

  private void report(List<Long> rss, long nanos) {
    int from = Math.min(1_000, rss.size() / 2);
    long[] steady = rss.stream().skip(from).mapToLong(Long::longValue).toArray();
    System.out.printf(
        Locale.ROOT,
        "swaps=%d answers=%d seconds=%d left=%d violations=%d most=%d over3=%d growth=%d slope=%.3f rss by tenths %s%n",
        versions - 1,
        answered.sum(),
        TimeUnit.NANOSECONDS.toSeconds(nanos),
        open.size(),
        violations,
        mostOpen,
        openOverThree,
        Held.median(steady, .95, 1) - Held.median(steady, 0, .05),
        Held.slope(steady),
        tenths(rss));
  }

  private static List<Long> tenths(List<Long> samples) {
    return IntStream.range(0, 10).mapToObj(i -> samples.get(samples.size() * i / 10)).toList();
  }

  /** Throws at the first wrong answer, failed call or version older than the one before. */
  private void call(ModelSlot<Cell, Verdict> slot) {
    int newest = 0;
    while (!stop) {
      Prediction<Verdict> prediction = slot.predictor().call(CELL, CallOptions.defaults());
      int version = Integer.parseInt(prediction.model().version());
      Verdict right = expected[version % 2];
      // Callers that meet share a run, which may differ in the last bits.
      boolean isRight =
          prediction.value().label().equals(right.label())
              && Math.abs(prediction.value().probability() - right.probability()) <= 1e-6f;
      if (version < newest || !isRight) {
        throw new IllegalStateException(
            "v" + version + " after v" + newest + ": " + prediction.value());
      }
      newest = version;
      answered.increment();
    }
  }
}
