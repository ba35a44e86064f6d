package dev.inflight.onnx;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.SequenceValue;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A model of one operator as flat arrays, evaluated on the caller's lane without native code.
 * Immutable; all lanes share it.
 *
 * @param operator by its name in ONNX-ML
 * @param input the type of a row's entries
 * @param columns entries of a row
 * @param answers one an output of the signature
 */
record Compiled(String operator, DataType input, int columns, Scorer scorer, List<Answer> answers) {

  /** {@return a way through this model with scratch memory of its own, for one lane} */
  Evaluation newEvaluation() {
    return new Evaluation(this);
  }

  /** For one thread at a time. */
  static final class Evaluation {
    private final Compiled model;
    private final Answer[] answers;
    private final Scorer.Scratch scratch;

    private Evaluation(Compiled model) {
      this.model = model;
      answers = model.answers.toArray(new Answer[0]);
      Scorer scorer = model.scorer;
      scratch = new Scorer.Scratch(model.columns, scorer.trees(), scorer.scores());
    }

    /**
     * Answers {@code n} rows.
     *
     * @param in row-major, native order
     * @param out with room for them
     */
    void answer(ByteBuffer in, int n, RowBuffers out) {
      for (int row = 0; row < n; row++) {
        read(in, row);
        int label = model.scorer.score(scratch);
        for (int i = 0; i < answers.length; i++) {
          answers[i].write(scratch, label, row, i, out);
        }
      }
      for (int i = 0; i < answers.length; i++) {
        if (answers[i] instanceof Answer.Maps) {
          out.set(i, new SequenceValue(scratch.maps));
        }
      }
    }

    /** Output {@code i} of the last {@link #answer}, copied. */
    ModelValue value(int i, int n, RowBuffers out) {
      return answers[i] instanceof Answer.Maps
          ? new SequenceValue(scratch.maps)
          : answers[i].value(n, i, out);
    }

    /** Widened; ONNX Runtime compares whole numbers with thresholds as floats. */
    private void read(ByteBuffer in, int row) {
      double[] values = scratch.row;
      int from = row * values.length;
      switch (model.input) {
        case FLOAT32 -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = in.getFloat(Float.BYTES * (from + i));
          }
        }
        case FLOAT64 -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = in.getDouble(Double.BYTES * (from + i));
          }
        }
        case INT64 -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) in.getLong(Long.BYTES * (from + i));
          }
        }
        default -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) in.getInt(Integer.BYTES * (from + i));
          }
        }
      }
    }
  }
}
