package dev.inflight.opentelemetry;

import dev.inflight.BulkProgress;
import dev.inflight.BulkSink;
import dev.inflight.CallOptions;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import io.opentelemetry.context.Context;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Each call within a span; see {@link InflightTracing}. */
final class TracedPredictor<I, O> implements Predictor<I, O> {
  private final InflightTracing tracing;
  private final String model;
  private final String name;
  private final String bulkName;
  private final Predictor<I, O> predictor;

  TracedPredictor(InflightTracing tracing, String model, Predictor<I, O> predictor) {
    this.tracing = tracing;
    this.model = model;
    this.predictor = predictor;
    name = "predict " + model;
    bulkName = "predict_all " + model;
  }

  private @Nullable CallTrace begin(Context caller, String span) {
    return CallTrace.begin(tracing, caller, span, model);
  }

  private static CallOptions with(CallTrace trace, CallOptions options) {
    return options.attachment().isPresent() ? options : options.withAttachment(trace);
  }

  @Override
  public O predict(I row) {
    CallTrace trace = begin(Context.current(), name);
    return trace == null
        ? predictor.predict(row)
        : call(row, CallOptions.defaults(), trace).value();
  }

  @Override
  public O predict(I row, CallOptions options) {
    CallTrace trace = begin(Context.current(), name);
    return trace == null ? predictor.predict(row, options) : call(row, options, trace).value();
  }

  @Override
  public Prediction<O> call(I row, CallOptions options) {
    CallTrace trace = begin(Context.current(), name);
    return trace == null ? predictor.call(row, options) : call(row, options, trace);
  }

  private Prediction<O> call(I row, CallOptions options, CallTrace trace) {
    return within(
        trace,
        () -> {
          Prediction<O> prediction = predictor.call(row, with(trace, options));
          trace.completed(prediction);
          return prediction;
        });
  }

  /** Its context is current for {@code call}, for a codec or a sink that makes spans of its own. */
  private static <T> T within(CallTrace trace, Supplier<T> call) {
    try {
      return trace.context().wrapSupplier(call).get();
    } catch (RuntimeException | Error e) {
      trace.failed(e);
      throw e;
    }
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    Context caller = Context.current();
    CallTrace trace = begin(caller, name);
    if (trace == null) {
      CompletableFuture<Prediction<O>> future = predictor.submit(row, options);
      // Library threads have no context: where the caller has none either, nothing is missing.
      return caller == Context.root() ? future : TracedFuture.of(future, caller, null);
    }
    try {
      return TracedFuture.of(predictor.submit(row, with(trace, options)), caller, trace);
    } catch (RuntimeException | Error e) {
      trace.failed(e);
      throw e;
    }
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    CallTrace trace = begin(Context.current(), bulkName);
    if (trace == null) {
      return predictor.predictAll(rows);
    }
    trace.span().setAttribute(Names.BULK_ROWS, (long) rows.size());
    return within(
        trace,
        () -> {
          List<O> answers = predictor.predictAll(rows);
          trace.completed();
          return answers;
        });
  }

  /** One span whatever the number of rows: a span for each chunk would drown the trace. */
  @Override
  public BulkProgress predictAll(
      Iterator<? extends I> rows, CallOptions options, BulkSink<? super O> sink) {
    CallTrace trace = begin(Context.current(), bulkName);
    if (trace == null) {
      return predictor.predictAll(rows, options, sink);
    }
    return within(
        trace,
        () -> {
          BulkProgress done = predictor.predictAll(rows, options, sink);
          trace
              .span()
              .setAttribute(Names.BULK_ROWS, done.rows())
              .setAttribute(Names.BULK_FAILED, done.failed())
              .setAttribute(Names.VERSION, done.model().version());
          trace.completed();
          return done;
        });
  }
}
