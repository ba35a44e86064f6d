package dev.inflight.requestlog;

import dev.inflight.Prediction;
import dev.inflight.Predictor;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Writes a sample of the calls of any number of models down, one JSON object a line: a CloudEvents
 * envelope with the id of the call, and in it model, version, inputs and outputs as the Open
 * Inference Protocol names them.
 *
 * <pre>{@code
 * try (RequestLog log = RequestLog.to(Path.of("iris.jsonl"), 100_000_000, 5)
 *         .sampling(Sampling.rate(0.01)).start()) {
 *   Predictor<Flower, Species> predictor = log.around("iris", deployment.predictor(),
 *       new Disclosure<>(flower -> Map.of("petal_length", flower.petalLength()),
 *           species -> Map.of("label", species.label())));
 * }
 * }</pre>
 *
 * <p>Nothing of a row or an answer is written but what a {@link Disclosure} gives, and no message
 * of an exception. Calls wait for nothing: records go through a bounded queue to one daemon thread,
 * and where it is full they are dropped and counted. A log that fails never fails a call.
 */
public final class RequestLog implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** The parts that tests replace, and what was configured. */
  record Settings(
      Sampling sampling,
      URI source,
      int queue,
      int maxPayload,
      Clock clock,
      LongSupplier ticker,
      DoubleSupplier random,
      ThreadFactory threads) {}

  private final Settings settings;
  private final Counters counters = new Counters();
  private final LineQueue queue;
  private final LogWriter writer;
  private final Thread thread;
  private final AtomicLong failures = new AtomicLong();

  RequestLog(Lines lines, Settings settings) {
    this.settings = settings;
    queue = new LineQueue(settings.queue, counters.dropped);
    writer = new LogWriter(queue, lines, counters);
    thread = settings.threads.newThread(writer);
    thread.start();
  }

  /**
   * {@return a log to that file} It is appended to, and made with its directories if it is missing.
   * Before it would grow larger it becomes {@code name.1}, that {@code name.2} and so on, and the
   * oldest is deleted: all together are at most {@code maxBytes * (keep + 1)}. No other process may
   * write it.
   *
   * @param maxBytes of one file
   * @param keep older files; at least 0
   */
  public static Builder to(Path file, long maxBytes, int keep) {
    if (maxBytes < 1 || keep < 0) {
      throw new IllegalArgumentException(
          "expected maxBytes >= 1 and keep >= 0, got " + maxBytes + " and " + keep);
    }
    return new Builder(new RotatingFile(file, maxBytes, keep));
  }

  /** {@return a log to that stream, which stays the caller's to close} */
  public static Builder to(OutputStream stream) {
    return new Builder(Lines.to(stream));
  }

  /** How the log is to be. */
  public static final class Builder {
    private final Lines lines;
    private Sampling sampling = Sampling.rate(0.01);
    private URI source = URI.create("urn:uuid:" + UUID.randomUUID());
    private int queue = 1024;
    private int maxPayload = 64 * 1024;

    private Builder(Lines lines) {
      this.lines = lines;
    }

    /** Which calls; without it one in a hundred. */
    public Builder sampling(Sampling which) {
      sampling = which;
      return this;
    }

    /**
     * Who writes, in the CloudEvents attribute {@code source}: call ids are unique in one process,
     * and begin again in the next. Without it a random URN for each log.
     */
    public Builder source(URI who) {
      source = who;
      return this;
    }

    /** How many records may wait to be written; without it 1024. */
    public Builder queue(int records) {
      queue = records;
      return this;
    }

    /**
     * How many characters of JSON the inputs of a record, and its outputs, may have; larger ones
     * are withheld. Without it 65,536.
     */
    public Builder maxPayload(int characters) {
      maxPayload = characters;
      return this;
    }

    /**
     * {@return the log, its thread running}
     *
     * @throws IllegalArgumentException if a number is not positive, or the records of a reservoir
     *     do not fit the queue
     */
    public RequestLog start() {
      return new RequestLog(lines, settings());
    }

    Settings settings() {
      if (queue < 1 || maxPayload < 1) {
        throw new IllegalArgumentException(
            "expected a positive queue and maxPayload, got " + queue + " and " + maxPayload);
      }
      if (sampling instanceof Sampling.Reservoir reservoir && reservoir.calls() > queue) {
        throw new IllegalArgumentException(
            "expected a queue of at least %d records, the size of the reservoir, got %d"
                .formatted(reservoir.calls(), queue));
      }
      return new Settings(
          sampling,
          source,
          queue,
          maxPayload,
          Clock.systemUTC(),
          System::nanoTime,
          () -> ThreadLocalRandom.current().nextDouble(),
          RequestLog::daemon);
    }
  }

  private static Thread daemon(Runnable writer) {
    Thread thread = new Thread(writer, "inflight-request-log");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * {@return a predictor that answers as {@code predictor} does, its calls logged without values}
   */
  public <I, O> Predictor<I, O> around(String model, Predictor<I, O> predictor) {
    return around(model, predictor, Disclosure.nothing());
  }

  /**
   * {@return a predictor that answers as {@code predictor} does, its calls logged} Bulk calls are
   * not: their answers have no call id to join them by. To be made once for each model, because the
   * sample is drawn from the calls of one such predictor.
   *
   * @param model as {@code model_name} says it
   * @param disclosure the values that may be written
   */
  public <I, O> Predictor<I, O> around(
      String model, Predictor<I, O> predictor, Disclosure<I, O> disclosure) {
    Sampler sampler = sampler();
    writer.add(sampler);
    return new LoggedPredictor<>(this, model, predictor, disclosure, sampler);
  }

  private Sampler sampler() {
    if (settings.sampling instanceof Sampling.Reservoir reservoir) {
      return new Reservoir(reservoir, settings.random, settings.ticker, queue, counters.replaced);
    }
    return Sampler.rate(((Sampling.Rate) settings.sampling).rate(), settings.random, queue);
  }

  /** {@return what became of the sampled calls so far} */
  public RequestLogStats stats() {
    return counters.snapshot();
  }

  /** {@return the CloudEvents attribute {@code source} of every record} */
  public URI source() {
    return settings.source;
  }

  <I> LogRecord begin(String model, Function<? super I, ? extends Map<String, ?>> function, I row) {
    counters.sampled.increment();
    return new LogRecord(settings, counters, model, function, row);
  }

  <O> byte[] answered(
      LogRecord record,
      Prediction<O> prediction,
      Function<? super O, ? extends Map<String, ?>> function) {
    return record.answered(prediction, function, sinceBegin(record));
  }

  byte[] failed(LogRecord record, Throwable failure) {
    return record.failed("failed-" + failures.incrementAndGet(), failure, sinceBegin(record));
  }

  private long sinceBegin(LogRecord record) {
    return settings.ticker.getAsLong() - record.begin();
  }

  /** Waits up to five seconds for the records that are there to be written; see {@link #close}. */
  @Override
  public void close() {
    close(PATIENCE);
  }

  /**
   * Logs no further call, writes what waits, a reservoir included, and closes the file. What is not
   * written within {@code atMost} is dropped and counted; a writer that hangs is left behind. The
   * predictors go on, without a log.
   */
  public void close(Duration atMost) {
    writer.stop();
    boolean interrupted = false;
    long deadline = System.nanoTime() + atMost.toNanos();
    while (thread.isAlive()) {
      long left = deadline - System.nanoTime();
      if (left <= 0 || interrupted) {
        writer.abandon();
        thread.interrupt();
        break;
      }
      try {
        TimeUnit.NANOSECONDS.timedJoin(thread, left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
