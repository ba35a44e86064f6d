package dev.inflight.tribuo;

import dev.inflight.CodecRows;
import dev.inflight.InferenceException;
import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Outcome;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import dev.inflight.tensor.RowBuffers;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One lane's rows, one after the other: Tribuo's own batch call is a loop too. */
final class TribuoRunner<I, O> implements Runner<I, O> {
  /** From the values of a row to row 0 of the outputs. */
  interface Evaluation {
    /** Answers for {@code values}, which are finite and in the order of the model's columns. */
    void answer(double[] values, RowBuffers target);
  }

  private final TribuoModel<?, I, O> model;
  private final Lane lane;
  private final Evaluation evaluation;
  private final RowBuffers in;
  private final RowBuffers out;
  private final CodecRows<I, O> rows;
  private final double[] values;
  private final List<Outcome<O>> outcomes = new ArrayList<>();
  private DoubleBuffer encoded = DoubleBuffer.allocate(0);
  private @Nullable ByteBuffer block;

  TribuoRunner(TribuoModel<?, I, O> model, Lane lane, Evaluation evaluation) {
    this.model = model;
    this.lane = lane;
    this.evaluation = evaluation;
    in = new RowBuffers(model.info().signature().inputs());
    out = new RowBuffers(model.info().signature().outputs());
    rows = new CodecRows<>(model.bound(), in, out, lane);
    values = new double[model.features().size()];
  }

  @Override
  public List<Outcome<O>> run(List<? extends I> all) {
    outcomes.clear();
    for (int i = 0; i < all.size(); i++) {
      try {
        outcomes.add(Outcome.of(runOne(all.get(i))));
      } catch (InferenceException e) {
        outcomes.add(Outcome.failed(e));
      }
    }
    return outcomes;
  }

  @Override
  public O runOne(I row) {
    place();
    rows.encodeOne(row);
    try {
      encoded.get(0, values);
      requireFinite();
      evaluation.answer(values, out);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(model.info().label() + ": row refused: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      // Finite values can overflow inside a model: it then has no answer, and trips over that.
      throw new PredictionFailedException(
          model.info().label() + ": no answer for this row: " + e, e);
    }
    return rows.decodeOne();
  }

  /**
   * LibSVM takes NaN for a number and KMeans answers infinity with a cluster that does not exist.
   */
  private void requireFinite() {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "feature '"
                + model.features().get(i)
                + "': expected a finite number, got NaN or infinity");
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // buffers are equal by content
  private void place() {
    ByteBuffer memory = lane.memory(in.bytes(1) + out.bytes(1));
    if (memory != block) {
      in.place(memory, 1);
      out.place(memory.slice((int) in.bytes(1), (int) out.bytes(1)), 1);
      encoded = in.region(0).asDoubleBuffer();
      block = memory;
    }
  }

  @Override
  public void close() {}
}
