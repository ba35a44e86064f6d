package dev.inflight.tribuo;

import dev.inflight.Codec;
import dev.inflight.CodecRows;
import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.Outcome;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import dev.inflight.tensor.RowBuffers;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tribuo.Output;
import org.tribuo.Prediction;

/**
 * A model whose rows go through a codec into one flyweight example per lane. All its memory is on
 * the Java heap.
 */
record TribuoModel<T extends Output<T>, I, O>(
    ModelInfo info,
    org.tribuo.Model<T> model,
    Answers<T> answers,
    List<String> features,
    Codec.Bound<I, O> bound)
    implements Model<I, O> {

  @Override
  public Runner<I, O> newRunner(Lane lane) {
    return new Rows<>(this, lane);
  }

  @Override
  public void close() {
    bound.close();
  }

  /** Rows one after the other: Tribuo's own batch call is a loop too. */
  private static final class Rows<T extends Output<T>, I, O> implements Runner<I, O> {
    private final TribuoModel<T, I, O> model;
    private final Lane lane;
    private final FlyweightExample<T> example;
    private final RowBuffers in;
    private final RowBuffers out;
    private final CodecRows<I, O> rows;
    private final List<Outcome<O>> outcomes = new ArrayList<>();
    private @Nullable ByteBuffer block;

    Rows(TribuoModel<T, I, O> model, Lane lane) {
      this.model = model;
      this.lane = lane;
      example =
          new FlyweightExample<>(model.features.toArray(new String[0]), model.answers.unknown());
      in = new RowBuffers(model.info.signature().inputs());
      out = new RowBuffers(model.info.signature().outputs());
      rows = new CodecRows<>(model.bound, in, out);
    }

    @Override
    public List<Outcome<O>> run(List<? extends I> all) {
      outcomes.clear();
      place();
      for (int i = 0; i < all.size(); i++) {
        int before = outcomes.size();
        try {
          if (rows.encode(all, i, i + 1) == 1) {
            requireFinite();
            Prediction<T> prediction =
                model.model.predict(example.read(in.region(0).asDoubleBuffer(), 0));
            model.answers.write(prediction, out, 0);
          }
          rows.decode(outcomes);
        } catch (IllegalArgumentException e) {
          outcomes.subList(before, outcomes.size()).clear();
          outcomes.add(
              Outcome.failed(
                  new InvalidInputException(
                      model.info.label() + ": row refused: " + e.getMessage(), e)));
        } catch (RuntimeException e) {
          // Finite values can overflow inside a model: it then has no answer, and trips over that.
          outcomes.subList(before, outcomes.size()).clear();
          outcomes.add(
              Outcome.failed(
                  new PredictionFailedException(
                      model.info.label() + ": no answer for this row: " + e, e)));
        }
      }
      return outcomes;
    }

    /**
     * LibSVM takes NaN for a number and KMeans answers infinity with a cluster that does not exist.
     */
    private void requireFinite() {
      DoubleBuffer values = in.region(0).asDoubleBuffer();
      for (int i = 0; i < model.features.size(); i++) {
        if (!Double.isFinite(values.get(i))) {
          throw new IllegalArgumentException(
              "feature '"
                  + model.features.get(i)
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
        block = memory;
      }
    }

    @Override
    public void close() {}
  }
}
