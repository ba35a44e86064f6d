package dev.inflight.tensor;

import java.util.List;

/**
 * An ordered list of values, such as what {@code SplitToSequence} or a classifier's ZipMap gives.
 *
 * @param values the elements; all tensors or all maps
 */
public record SequenceValue(List<ModelValue> values) implements ModelValue {
  /** Copies the list. */
  public SequenceValue {
    values = List.copyOf(values);
  }
}
