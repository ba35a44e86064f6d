package dev.inflight;

import dev.inflight.tensor.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A model that answers {@code version:row}, unless it is given another body. */
final class FakeModel implements Model<String, String> {
  /** What a run does. */
  interface Body {
    List<Outcome<String>> run(List<? extends String> rows) throws Throwable;
  }

  private final String version;
  private final Body body;
  final AtomicInteger closes = new AtomicInteger();
  final AtomicInteger runnersOpen = new AtomicInteger();
  final List<String> ranOn = new CopyOnWriteArrayList<>();

  FakeModel(String version) {
    this(version, rows -> echo(version, rows));
  }

  FakeModel(String version, Body body) {
    this.version = version;
    this.body = body;
  }

  static List<Outcome<String>> echo(String version, List<? extends String> rows) {
    List<Outcome<String>> answers = new ArrayList<>();
    for (String row : rows) {
      answers.add(Outcome.of(version + ":" + row));
    }
    return answers;
  }

  static Outcome<String> failure(String message) {
    return Outcome.failed(new PredictionFailedException(message));
  }

  boolean isClosed() {
    return closes.get() > 0;
  }

  @Override
  public ModelInfo info() {
    return new ModelInfo(
        "fake", version, "test", new Signature(List.of(), List.of()), "d" + version, Map.of());
  }

  @Override
  public Runner<String, String> newRunner(Lane lane) {
    runnersOpen.incrementAndGet();
    return new Runner<>() {
      @Override
      public List<Outcome<String>> run(List<? extends String> rows) throws Exception {
        ranOn.add(Thread.currentThread().getName());
        try {
          return body.run(rows);
        } catch (Exception | Error e) {
          throw e;
        } catch (Throwable e) {
          throw new AssertionError(e);
        }
      }

      @Override
      public void close() {
        runnersOpen.decrementAndGet();
      }
    };
  }

  @Override
  public void validate(String row) {
    if (row.startsWith("bad")) {
      throw new InvalidInputException("row: expected a good one, got a bad one");
    }
  }

  @Override
  public long bytes(String row) {
    return row.length();
  }

  @Override
  public void close() {
    closes.incrementAndGet();
  }
}
