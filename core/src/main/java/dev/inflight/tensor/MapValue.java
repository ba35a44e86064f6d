package dev.inflight.tensor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keys to scalars, such as class names to probabilities.
 *
 * @param entries in the order of the model; keys are {@link Long} or {@link String}, values {@link
 *     Float}, {@link Double}, {@link Long} or {@link String}
 */
public record MapValue(Map<Object, Object> entries) implements ModelValue {
  /** Copies the map, keeping its order. */
  public MapValue {
    entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
  }
}
