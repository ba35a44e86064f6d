package dev.inflight.opentelemetry;

import dev.inflight.InferenceListener;
import dev.inflight.Predictor;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;

/**
 * Spans of calls, of their stages, and of the batches that they were in. One for any number of
 * models:
 *
 * <pre>{@code
 * InflightTracing tracing = InflightTracing.create(openTelemetry);
 * var iris = Deployment.of("iris", repository, loader).listen(tracing.listener()).start();
 * Predictor<Flower, Species> predictor = tracing.around("iris", iris.predictor());
 * }</pre>
 *
 * <p>The predictor makes a span of each call, {@code predict iris}, a child of the context that the
 * caller is in. The listener adds what happened to the call on its way: spans {@code queue}, {@code
 * encode}, {@code run} and {@code decode} below it, and one span {@code batch iris} for each run on
 * a lane's thread, linked to the calls whose rows it had. Without the listener there are calls
 * only.
 *
 * <p>No span carries a row, an answer, or the message of an exception. A call whose span is not
 * recorded goes straight through, and leaves nothing for the listener. Holds nothing that needs
 * closing.
 */
public final class InflightTracing {
  private static final String SCOPE = "dev.inflight";

  private final Tracer tracer;
  private final SpanClock clock = new SpanClock();
  private final InferenceListener listener;

  private InflightTracing(OpenTelemetry openTelemetry) {
    tracer = openTelemetry.getTracer(SCOPE);
    listener = new StageSpans(this);
  }

  /** {@return tracing with that API's tracer named {@code dev.inflight}} */
  public static InflightTracing create(OpenTelemetry openTelemetry) {
    return new InflightTracing(openTelemetry);
  }

  /**
   * {@return a predictor that answers as {@code predictor} does, and traces} The futures of its
   * {@code submit} are completed with the context of whoever submitted made current, so what
   * depends on them belongs to the same trace. A call that has an {@linkplain
   * dev.inflight.CallOptions#attachment() attachment} of its own keeps it, and has no stages.
   *
   * @param model as spans name it
   */
  public <I, O> Predictor<I, O> around(String model, Predictor<I, O> predictor) {
    return new TracedPredictor<>(this, model, predictor);
  }

  /**
   * {@return the other half: for {@code ModelSlot.listen} or the builder of a {@code Deployment};
   * the same one for all of them}
   */
  public InferenceListener listener() {
    return listener;
  }

  Tracer tracer() {
    return tracer;
  }

  SpanClock clock() {
    return clock;
  }
}
