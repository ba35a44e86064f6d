package dev.inflight.onnx;

import dev.inflight.tensor.ModelValue;
import java.util.ArrayList;
import java.util.List;

/**
 * An operator's arithmetic on flat arrays, in the order in which ONNX Runtime's CPU kernel does it
 * for one row. Immutable; all lanes share it.
 */
interface Scorer {
  /** One lane's memory for one row. */
  final class Scratch {
    /** The row, widened; NaN and infinity are ordinary. */
    final double[] row;

    final long[] keys;
    final int[] leaves;

    /** Of each class or target; all of them are overwritten. */
    final double[] scores;

    /** Which classes or targets any leaf of the row has spoken of. */
    final boolean[] reached;

    /** Scores on their way through the nodes behind the operator. */
    final double[] answer;

    /** The rows' maps, where an output is made of them. */
    final List<ModelValue> maps = new ArrayList<>();

    Scratch(int columns, int trees, int scores) {
      row = new double[columns];
      keys = new long[2 * columns];
      leaves = new int[trees];
      this.scores = new double[scores];
      reached = new boolean[scores];
      answer = new double[scores];
    }
  }

  /** {@return the position of the row's label; without meaning where there are none} */
  int score(Scratch scratch);

  int scores();

  default int trees() {
    return 0;
  }
}
