package dev.inflight.mlflow;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** JSON as MLflow writes it: with bare {@code NaN} where a value is missing. */
final class Json {
  private static final int MAX_DEPTH = 64;
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private Json() {}

  /**
   * {@return a text as JSON}
   *
   * @param what it is, for the message
   */
  static JsonNode read(String text, String what) throws IOException {
    try {
      JsonNode node = MAPPER.readTree(text);
      if (node == null) {
        throw new IOException(what + ": expected JSON, got nothing");
      }
      return node;
    } catch (JacksonException e) {
      String beginning = text.substring(0, Math.min(text.length(), 80));
      throw new IOException(
          what + ": expected JSON, got '" + beginning.replaceAll("[\\p{Cntrl}\\s]+", " ") + "'", e);
    }
  }

  static String write(Object value) throws IOException {
    return MAPPER.writeValueAsString(value);
  }
}
