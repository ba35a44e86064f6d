package dev.inflight;

import dev.inflight.tensor.RowBuffers;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The middle of a backend's runner: encode the rows, set aside those that fail, and decode the
 * answers of the rest in the caller's order. One per runner.
 *
 * @param <I> the user's row
 * @param <O> the user's answer
 */
public final class CodecRows<I, O> {
  private final Codec.Bound<I, O> bound;
  private final RowBuffers in;
  private final RowBuffers out;
  private final List<@Nullable Outcome<O>> outcomes = new ArrayList<>();
  private int encoded;

  /** Uses, and does not close, the codec. */
  public CodecRows(Codec.Bound<I, O> bound, RowBuffers in, RowBuffers out) {
    this.bound = bound;
    this.in = in;
    this.out = out;
  }

  /**
   * Encodes rows {@code [from, to)} of the list to the rows {@code 0..} of the input buffers.
   *
   * @return how many were encoded; the others are set aside with their failure
   */
  public int encode(List<? extends I> rows, int from, int to) {
    outcomes.clear();
    encoded = 0;
    for (int i = from; i < to; i++) {
      in.writer().begin(encoded);
      try {
        bound.encode(rows.get(i), in.writer());
        in.writer().end();
        outcomes.add(null);
        encoded++;
      } catch (IllegalArgumentException e) {
        outcomes.add(Outcome.failed(new InvalidInputException("row: " + e.getMessage(), e)));
      } catch (RuntimeException e) {
        outcomes.add(
            Outcome.failed(
                new PredictionFailedException("the codec failed to encode a row: " + e, e)));
      }
    }
    return encoded;
  }

  /**
   * Decodes the answers of the encoded rows and appends one outcome per row of the last {@link
   * #encode} to {@code target}.
   */
  public void decode(List<Outcome<O>> target) {
    int row = 0;
    for (int i = 0; i < outcomes.size(); i++) {
      Outcome<O> outcome = outcomes.get(i);
      target.add(outcome == null ? decodeRow(row++) : outcome);
    }
  }

  private Outcome<O> decodeRow(int row) {
    try {
      out.reader().begin(row, encoded);
      return Outcome.of(bound.decode(out.reader()));
    } catch (RuntimeException e) {
      return Outcome.failed(
          new PredictionFailedException("the codec failed to decode an answer: " + e, e));
    }
  }
}
