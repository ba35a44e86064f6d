package dev.inflight;

import dev.inflight.tensor.RowBuffers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The middle of a backend's runner: encode the rows, set aside those that fail, and decode the
 * answers of the rest in the caller's order. One per runner.
 *
 * <p>{@link #encodeOne} and {@link #decodeOne} do the same for one row and allocate nothing.
 *
 * @param <I> the user's row
 * @param <O> the user's answer
 */
public final class CodecRows<I, O> {
  private final Codec.Bound<I, O> bound;
  private final RowBuffers in;
  private final RowBuffers out;
  private final List<@Nullable Outcome<O>> outcomes = new ArrayList<>();

  /** For each encoded row, its position in {@code outcomes}. */
  private int[] places = new int[16];

  private final Lane lane;
  private int encoded;
  private int inRun;

  /** Uses, and does not close, the codec. For the runner of {@code lane}. */
  public CodecRows(Codec.Bound<I, O> bound, RowBuffers in, RowBuffers out, Lane lane) {
    this.bound = bound;
    this.in = in;
    this.out = out;
    this.lane = lane;
  }

  /**
   * Encodes rows {@code [from, to)} of the list to the rows {@code 0..} of the input buffers.
   *
   * @return how many were encoded; the others are set aside with their failure
   */
  public int encode(List<? extends I> rows, int from, int to) {
    outcomes.clear();
    encoded = 0;
    if (places.length < to - from) {
      places = Arrays.copyOf(places, Math.max(to - from, 2 * places.length));
    }
    long begin = lane.beginStage();
    for (int i = from; i < to; i++) {
      InferenceException failure = write(encoded, rows.get(i));
      if (failure == null) {
        places[encoded++] = outcomes.size();
        outcomes.add(null);
      } else {
        outcomes.add(Outcome.failed(failure));
      }
    }
    lane.encoded(begin);
    inRun = encoded;
    return encoded;
  }

  /**
   * Encodes one row to row 0 of the input buffers.
   *
   * @throws InvalidInputException if the row does not fit
   * @throws PredictionFailedException if the codec failed
   */
  public void encodeOne(I row) {
    long begin = lane.beginStage();
    InferenceException failure = write(0, row);
    if (failure != null) {
      throw failure;
    }
    lane.encoded(begin);
    encoded = 1;
    inRun = 1;
  }

  private @Nullable InferenceException write(int at, I row) {
    in.writer().begin(at);
    try {
      bound.encode(row, in.writer());
      in.writer().end();
      return null;
    } catch (IllegalArgumentException e) {
      return new InvalidInputException("row: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      return new PredictionFailedException("the codec failed to encode a row: " + e, e);
    }
  }

  /**
   * The run takes {@code rows} rows whatever was encoded: fills the rest with copies of the last
   * encoded row, because a model that answers that row can answer it twice. Answers of the copies
   * are never decoded.
   */
  public void pad(int rows) {
    in.repeat(encoded - 1, rows);
    inRun = rows;
  }

  /**
   * Decodes the answers of the encoded rows and appends one outcome per row of the last {@link
   * #encode} to {@code target}.
   */
  public void decode(List<Outcome<O>> target) {
    long begin = lane.beginStage();
    for (int row = 0; row < encoded; row++) {
      answer(row, row, inRun);
    }
    lane.decoded(begin);
    finish(target);
  }

  /**
   * {@return the answer of the row of the last {@link #encodeOne}}
   *
   * @throws PredictionFailedException if the codec failed
   */
  public O decodeOne() {
    long begin = lane.beginStage();
    O answer = read(0, inRun);
    lane.decoded(begin);
    return answer;
  }

  /**
   * Decodes the answer of encoded row {@code row}, which is at {@code at} in the output buffers, in
   * a run of {@code of} rows. For backends that answer the rows of one call by several runs; {@link
   * #finish} comes after the last.
   */
  public void decode(int row, int at, int of) {
    long begin = lane.beginStage();
    answer(row, at, of);
    lane.decoded(begin);
  }

  private void answer(int row, int at, int of) {
    if (outcomes.get(places[row]) != null) {
      return;
    }
    try {
      outcomes.set(places[row], Outcome.of(read(at, of)));
    } catch (PredictionFailedException e) {
      fail(row, e);
    }
  }

  /** Sets encoded row {@code row} aside. */
  public void fail(int row, InferenceException failure) {
    outcomes.set(places[row], Outcome.failed(failure));
  }

  /** Appends one outcome per row of the last {@link #encode} to {@code target}. */
  public void finish(List<Outcome<O>> target) {
    for (int i = 0; i < outcomes.size(); i++) {
      target.add(Objects.requireNonNull(outcomes.get(i), "a row was not answered"));
    }
  }

  private O read(int row, int of) {
    try {
      out.reader().begin(row, of);
      return Objects.requireNonNull(bound.decode(out.reader()), "value");
    } catch (RuntimeException e) {
      throw new PredictionFailedException("the codec failed to decode an answer: " + e, e);
    }
  }
}
