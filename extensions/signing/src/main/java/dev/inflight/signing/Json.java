package dev.inflight.signing;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A place in a JSON document that may be hostile. Readers of one signature must not differ in what
 * they read: a name that is there twice, other encodings than UTF-8, text behind the end and Base64
 * that is not in its one canonical form are refused.
 *
 * @param place what it is, for messages
 */
record Json(String place, JsonNode node) {
  private static final int MAX_DEPTH = 32;

  /** Up to here a double holds every whole number (2^53). */
  private static final double MAX_WHOLE = 0x1p53;

  /** A payload is one text in Base64: as long as the document that holds it. */
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxStringLength(OmsBundle.MAX_BYTES)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  static Json read(byte[] bytes, String place) throws Refusal {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      JsonNode node = MAPPER.readTree(text);
      if (node == null || node.isMissingNode()) {
        throw new Refusal(place + ": expected JSON, got nothing");
      }
      return new Json(place, node);
    } catch (CharacterCodingException e) {
      throw new Refusal(place + ": expected JSON in UTF-8", e);
    } catch (JacksonException e) {
      throw new Refusal(
          place + ": expected JSON, got " + Refusal.quoted(e.getOriginalMessage()), e);
    }
  }

  static byte[] write(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JacksonException e) {
      throw new IllegalStateException("maps, lists and texts are JSON", e);
    }
  }

  /** {@return this object, which has no other fields than these} */
  Json only(String... names) throws Refusal {
    if (!node.isObject()) {
      throw expected("an object");
    }
    Set<String> known = Set.of(names);
    for (Iterator<String> fields = node.fieldNames(); fields.hasNext(); ) {
      String field = fields.next();
      if (!known.contains(field)) {
        throw new Refusal(
            place + ": expected " + List.of(names) + " only, got " + Refusal.quoted(field));
      }
    }
    return this;
  }

  /** {@return a field, or nothing if it is absent or null} */
  Optional<Json> optional(String name) throws Refusal {
    if (!node.isObject()) {
      throw expected("an object");
    }
    JsonNode field = node.get(name);
    return field == null || field.isNull()
        ? Optional.empty()
        : Optional.of(new Json(place + "." + name, field));
  }

  Json field(String name) throws Refusal {
    Optional<Json> field = optional(name);
    if (field.isEmpty()) {
      throw new Refusal(place + ": expected a field '" + name + "', got none");
    }
    return field.get();
  }

  List<Json> elements() throws Refusal {
    if (!node.isArray()) {
      throw expected("a list");
    }
    List<Json> elements = new ArrayList<>(node.size());
    for (JsonNode element : node) {
      elements.add(new Json(place + "[" + elements.size() + "]", element));
    }
    return elements;
  }

  /** {@return the only element} */
  Json single() throws Refusal {
    List<Json> elements = elements();
    if (elements.size() != 1) {
      throw new Refusal(place + ": expected one element, got " + elements.size());
    }
    return elements.get(0);
  }

  String text() throws Refusal {
    if (!node.isTextual()) {
      throw expected("a text");
    }
    return node.textValue();
  }

  /** Refuses any other text. */
  void is(String expected) throws Refusal {
    if (!text().equals(expected)) {
      throw new Refusal(place + ": expected '" + expected + "', got " + Refusal.quoted(text()));
    }
  }

  boolean flag() throws Refusal {
    if (!node.isBoolean()) {
      throw expected("true or false");
    }
    return node.booleanValue();
  }

  /**
   * As the reference tool writes it: {@code 1000000.0}, through a type that has no whole numbers.
   */
  long positive() throws Refusal {
    double value = node.doubleValue();
    if (!node.isNumber() || value != Math.rint(value) || value < 1 || value > MAX_WHOLE) {
      throw new Refusal(
          place
              + ": expected a positive whole number, got "
              + (node.isNumber() ? Refusal.quoted(node.asText()) : node.getNodeType()));
    }
    return (long) value;
  }

  byte[] base64() throws Refusal {
    String text = text();
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      if (Base64.getEncoder().encodeToString(bytes).equals(text)) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      throw new Refusal(place + ": expected Base64", e);
    }
    throw new Refusal(place + ": expected Base64 in its canonical form");
  }

  private Refusal expected(String kind) {
    return new Refusal(place + ": expected " + kind + ", got " + node.getNodeType());
  }
}
