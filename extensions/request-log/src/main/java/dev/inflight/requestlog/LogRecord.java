package dev.inflight.requestlog;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.inflight.CallEnd;
import dev.inflight.Prediction;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One call on its way into the log: what the row discloses when it begins, the rest when it ends.
 * Nothing in here throws: what cannot be written is withheld, and the record says so.
 */
final class LogRecord {
  private static final JsonFactory JSON = new JsonFactory();
  private static final String TYPE = "dev.inflight.call.v1";

  private final String source;
  private final String model;
  private final int maxChars;
  private final Counters counters;
  private final Instant time;
  private final long begin;
  private final Disclosed inputs;

  <I> LogRecord(
      RequestLog.Settings settings,
      Counters counters,
      String model,
      Function<? super I, ? extends Map<String, ?>> function,
      I row) {
    this.source = settings.source().toString();
    this.model = model;
    this.maxChars = settings.maxPayload();
    this.counters = counters;
    inputs = disclose(function, row);
    time = settings.clock().instant();
    begin = settings.ticker().getAsLong();
  }

  /** When it began, as the ticker says it. */
  long begin() {
    return begin;
  }

  /**
   * @param json null if there is nothing
   * @param withheld why there is nothing where something was meant to be; null if that is not so
   */
  private record Disclosed(@Nullable String json, @Nullable String withheld) {}

  private <T> Disclosed disclose(Function<? super T, ? extends Map<String, ?>> function, T of) {
    try {
      Map<String, ?> values = function.apply(of);
      if (values.isEmpty()) {
        return new Disclosed(null, null);
      }
      CappedWriter text = new CappedWriter(maxChars);
      try (JsonGenerator json = JSON.createGenerator(text)) {
        Payload.write(json, values);
      } catch (IOException e) {
        counters.withheld.increment();
        return new Disclosed(null, text.isOver() ? "too_large" : "failed");
      }
      return new Disclosed(text.toString(), null);
    } catch (Throwable e) { // the user's code; the call must not fail for it
      counters.withheld.increment();
      return new Disclosed(null, "failed");
    }
  }

  <O> byte[] answered(
      Prediction<O> prediction,
      Function<? super O, ? extends Map<String, ?>> function,
      long nanos) {
    Disclosed outputs = disclose(function, prediction.value());
    String id = Long.toString(prediction.id());
    return line(
        id,
        json -> {
          json.writeStringField("model_version", prediction.model().version());
          json.writeStringField("id", id);
          raw(json, "inputs", inputs);
          raw(json, "outputs", outputs);
          json.writeObjectFieldStart("parameters");
          parameters(json, CallEnd.COMPLETED, nanos);
          withheld(json, "outputs_withheld", outputs);
          json.writeEndObject();
        });
  }

  /**
   * The classes of {@code failure} and its cause, no message: it may quote the row.
   *
   * @param id there is none of a prediction
   */
  byte[] failed(String id, Throwable failure, long nanos) {
    return line(
        id,
        json -> {
          raw(json, "inputs", inputs);
          json.writeObjectFieldStart("parameters");
          parameters(json, CallEnd.of(failure), nanos);
          json.writeStringField("error", failure.getClass().getName());
          Throwable cause = failure.getCause();
          if (cause != null) {
            json.writeStringField("cause", cause.getClass().getName());
          }
          json.writeEndObject();
        });
  }

  @FunctionalInterface
  private interface Data {
    void write(JsonGenerator json) throws IOException;
  }

  private byte[] line(String id, Data data) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("specversion", "1.0");
      json.writeStringField("id", id);
      json.writeStringField("source", source);
      json.writeStringField("type", TYPE);
      json.writeStringField("time", time.toString());
      json.writeStringField("datacontenttype", "application/json");
      json.writeObjectFieldStart("data");
      json.writeStringField("model_name", model);
      data.write(json);
      json.writeEndObject();
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not by a StringWriter
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void parameters(JsonGenerator json, CallEnd end, long nanos) throws IOException {
    json.writeStringField("end", end.name().toLowerCase(Locale.ROOT));
    json.writeNumberField("latency_ns", nanos);
    withheld(json, "inputs_withheld", inputs);
  }

  private static void raw(JsonGenerator json, String name, Disclosed what) throws IOException {
    if (what.json != null) {
      json.writeFieldName(name);
      json.writeRawValue(what.json);
    }
  }

  private static void withheld(JsonGenerator json, String name, Disclosed what) throws IOException {
    if (what.withheld != null) {
      json.writeStringField(name, what.withheld);
    }
  }

  /** Refuses more than it may hold, so that a huge row costs no more than that. */
  private static final class CappedWriter extends Writer {
    private final StringBuilder text = new StringBuilder();
    private final int max;
    private boolean over;

    CappedWriter(int max) {
      this.max = max;
    }

    @Override
    public void write(char[] chars, int offset, int length) throws IOException {
      if (over || text.length() + length > max) {
        over = true;
        throw new IOException("more than " + max + " characters");
      }
      text.append(chars, offset, length);
    }

    boolean isOver() {
      return over;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
