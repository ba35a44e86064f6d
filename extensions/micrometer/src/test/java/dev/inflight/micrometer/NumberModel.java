package dev.inflight.micrometer;

import dev.inflight.Codec;
import dev.inflight.CodecRows;
import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Answers a number with itself; {@link #FAILS} fails, what is below 0 is invalid, and {@link
 * #BLOCKS} waits for {@code go}. Any other counts as that many rows if {@code weighted}.
 */
record NumberModel(String name, String version, boolean weighted, CountDownLatch go)
    implements Model<Long, Long> {
  static final long FAILS = 13;
  static final long BLOCKS = 99;

  NumberModel(String version) {
    this("numbers", version, false, new CountDownLatch(0));
  }

  @Override
  public ModelInfo info() {
    return new ModelInfo(name, version, "test", new Signature(List.of(), List.of()), "", Map.of());
  }

  /** The identity through a codec: what is encoded is decoded from where it was written. */
  @Override
  public Runner<Long, Long> newRunner(Lane lane) {
    RowBuffers buffers =
        new RowBuffers(List.of(ValueSpec.tensor("number", DataType.INT64, Shape.of(Shape.OPEN))));
    CodecRows<Long, Long> codec = new CodecRows<>(new Numbers(), buffers, buffers, lane);
    return new Runner<>() {
      @Override
      public List<Outcome<Long>> run(List<? extends Long> rows) throws Exception {
        if (rows.contains(BLOCKS) && !go.await(20, TimeUnit.SECONDS)) {
          throw new IllegalStateException("expected to be let go");
        }
        buffers.place(lane.memory(buffers.bytes(rows.size())), rows.size());
        codec.encode(rows, 0, rows.size());
        List<Outcome<Long>> answers = new ArrayList<>();
        codec.decode(answers);
        return answers;
      }

      @Override
      public void close() {}
    };
  }

  private static final class Numbers implements Codec.Bound<Long, Long> {
    @Override
    public void encode(Long row, RowWriter writer) {
      if (row == FAILS) {
        throw new IllegalStateException("expected another number");
      }
      writer.put(0, row);
    }

    @Override
    public Long decode(RowReader reader) {
      return reader.integer(0, 0);
    }
  }

  @Override
  public void validate(Long row) {
    if (row < 0) {
      throw new InvalidInputException("row: expected 0 or more, got less");
    }
  }

  @Override
  public int rows(Long row) {
    return weighted ? Math.toIntExact(row) : 1;
  }

  @Override
  public void close() {}
}
