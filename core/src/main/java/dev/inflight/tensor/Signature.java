package dev.inflight.tensor;

import java.util.List;

/**
 * What a model takes and gives.
 *
 * @param inputs in the model's order, names distinct
 * @param outputs in the model's order, names distinct
 */
public record Signature(List<ValueSpec> inputs, List<ValueSpec> outputs) {
  /** Copies the lists. */
  public Signature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /**
   * {@return the position of the input of that name}
   *
   * @throws IllegalArgumentException if there is none; the message lists the inputs
   */
  public int input(String name) {
    return position("input", inputs, name);
  }

  /**
   * {@return the position of the output of that name}
   *
   * @throws IllegalArgumentException if there is none; the message lists the outputs
   */
  public int output(String name) {
    return position("output", outputs, name);
  }

  private static int position(String what, List<ValueSpec> specs, String name) {
    for (int i = 0; i < specs.size(); i++) {
      if (specs.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException("no " + what + " '" + name + "', the model has " + specs);
  }
}
