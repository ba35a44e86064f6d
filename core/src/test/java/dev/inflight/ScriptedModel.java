package dev.inflight;

import dev.inflight.tensor.Signature;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * A model of which a test says what it is like, and which remembers its runs. Answers {@code
 * version:row}.
 */
class ScriptedModel implements Model<String, String> {
  /** What happens in a run before its answers are there. */
  interface Script {
    void run(List<? extends String> rows) throws Exception;
  }

  final List<List<String>> runs = Collections.synchronizedList(new ArrayList<>());
  final AtomicInteger cancels = new AtomicInteger();
  final AtomicInteger closes = new AtomicInteger();
  private final String version;
  private FakeModel.Body body;
  private Script script = rows -> {};
  private BiPredicate<String, String> together = (row, other) -> true;
  private ToIntFunction<String> rows = row -> 1;
  private Predicate<String> valid = row -> true;
  private int maxBatch = Integer.MAX_VALUE;

  ScriptedModel(String version) {
    this.version = version;
    body = batch -> FakeModel.echo(version, batch);
  }

  ScriptedModel runs(Script script) {
    this.script = script;
    return this;
  }

  ScriptedModel answers(FakeModel.Body body) {
    this.body = body;
    return this;
  }

  ScriptedModel batchesWith(BiPredicate<String, String> together) {
    this.together = together;
    return this;
  }

  /** Rows batch with those that begin with the same letter. */
  ScriptedModel batchesByLetter() {
    return batchesWith((row, other) -> row.charAt(0) == other.charAt(0));
  }

  ScriptedModel counts(ToIntFunction<String> rows) {
    this.rows = rows;
    return this;
  }

  ScriptedModel accepts(Predicate<String> valid) {
    this.valid = valid;
    return this;
  }

  ScriptedModel maxBatch(int maxBatch) {
    this.maxBatch = maxBatch;
    return this;
  }

  /** A run of b rows takes {@code fixed + b * row} nanoseconds of the lanes' time. */
  ScriptedModel takes(ManualLanes lanes, long fixed, long row) {
    return runs(batch -> lanes.pass(fixed + row * batch.stream().mapToInt(rows).sum()));
  }

  int rowsRun() {
    return runs.stream().mapToInt(List::size).sum();
  }

  @Override
  public ModelInfo info() {
    return new ModelInfo(
        "scripted", version, "test", new Signature(List.of(), List.of()), "d" + version, Map.of());
  }

  @Override
  public Runner<String, String> newRunner(Lane lane) {
    return new Runner<>() {
      @Override
      public List<Outcome<String>> run(List<? extends String> batch) throws Exception {
        runs.add(List.copyOf(batch));
        script.run(batch);
        try {
          return body.run(batch);
        } catch (Exception | Error e) {
          throw e;
        } catch (Throwable e) {
          throw new AssertionError(e);
        }
      }

      @Override
      public void cancel() {
        cancels.incrementAndGet();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void validate(String row) {
    if (!valid.test(row)) {
      throw new InvalidInputException("row: expected one for version " + version + ", got " + row);
    }
  }

  @Override
  public long bytes(String row) {
    return row.length();
  }

  @Override
  public int maxBatch() {
    return maxBatch;
  }

  @Override
  public boolean batchesWith(String row, String other) {
    return together.test(row, other);
  }

  @Override
  public int rows(String row) {
    return rows.applyAsInt(row);
  }

  @Override
  public void close() {
    closes.incrementAndGet();
  }
}
