package dev.inflight.deploy;

import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.Outcome;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Loads {@code model.txt}, which says how the model answers, as in {@code seed=3 errors=.02}. The
 * right answer to a row is the row; what becomes of a row depends on it and the seed alone, except
 * with {@code failAfter} and {@code again}.
 */
final class ScriptedLoader implements ModelLoader<Long, Object> {
  final List<String> open = new CopyOnWriteArrayList<>();

  /** Ends the runs of a model that hangs. */
  final CountDownLatch go = new CountDownLatch(1);

  /** An answer that cannot be looked into. */
  record Evil(double value) {
    @Override
    public double value() {
      throw new IllegalStateException("evil");
    }
  }

  @Override
  public Model<Long, Object> load(ModelArtifact artifact) throws Exception {
    String text = StandardCharsets.UTF_8.decode(artifact.read("model.txt")).toString();
    ModelInfo info = FakeLoader.info(artifact, "script");
    return model(info, text);
  }

  Model<Long, Object> model(ModelInfo info, String text) {
    open.add(text);
    return new Scripted(info, text, new Script(text));
  }

  /** What a text says; any part may be missing. */
  static final class Script {
    private final Map<String, Double> parts = new HashMap<>();

    Script(String text) {
      for (String part : text.split(" ", -1)) {
        String[] pair = part.split("=", -1);
        parts.put(pair[0], Double.parseDouble(pair[1]));
      }
    }

    double of(String part) {
      return parts.getOrDefault(part, 0.0);
    }

    /** Whether the row is one of the share that {@code part} gives. */
    boolean hits(String part, long row) {
      double share = of(part);
      return share > 0
          && new SplittableRandom(row * 31 + part.hashCode() + (long) (of("seed") * 1e9))
                  .nextDouble()
              < share;
    }
  }

  private final class Scripted implements Model<Long, Object> {
    private final ModelInfo info;
    private final String text;
    private final Script script;
    private final AtomicLong ran = new AtomicLong();
    private final Set<Long> seen = ConcurrentHashMap.newKeySet(); // with "again": fails then

    Scripted(ModelInfo info, String text, Script script) {
      this.info = info;
      this.text = text;
      this.script = script;
    }

    @Override
    public ModelInfo info() {
      return info;
    }

    @Override
    public Runner<Long, Object> newRunner(Lane lane) {
      return new Runner<>() {
        @Override
        public List<Outcome<Object>> run(List<? extends Long> rows) {
          List<Outcome<Object>> answers = new ArrayList<>();
          rows.forEach(row -> answers.add(outcome(row)));
          return answers;
        }

        @Override
        public void close() {}
      };
    }

    private Outcome<Object> outcome(long row) {
      if (script.hits("hang", row)) {
        awaitGo();
      }
      long end =
          System.nanoTime()
              + (long) (1_000 * script.of("micros"))
              + (script.hits("slow", row) ? 50_000_000L : 0);
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      if (script.of("again") > 0 && !seen.add(row)) {
        return Outcome.failed(new PredictionFailedException(text + " has had it before"));
      }
      double failAfter = script.of("failAfter");
      if (script.hits("errors", row) || (failAfter > 0 && ran.incrementAndGet() > failAfter)) {
        return Outcome.failed(new PredictionFailedException(text + " failed"));
      }
      if (script.hits("invalid", row)) {
        return Outcome.failed(new InvalidInputException(text + " does not take it"));
      }
      if (script.hits("evil", row)) {
        return Outcome.of(new Evil(row));
      }
      return Outcome.of(
          script.hits("nan", row)
              ? Double.NaN
              : script.hits("wrong", row) ? -1.0 - row : 1.0 * row);
    }

    /** As native code does: an interrupt does not end it. */
    private void awaitGo() {
      boolean interrupted = false;
      while (go.getCount() > 0) {
        try {
          go.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      open.remove(text);
    }
  }
}
