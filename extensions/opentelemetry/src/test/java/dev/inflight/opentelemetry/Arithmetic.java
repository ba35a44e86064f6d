package dev.inflight.opentelemetry;

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
import java.util.function.DoubleUnaryOperator;

/** A model of numbers with a codec, so that its runs have all stages; negative rows are invalid. */
final class Arithmetic implements Model<Double, Double> {
  private static final Signature SIGNATURE =
      new Signature(
          List.of(ValueSpec.tensor("x", DataType.FLOAT64, Shape.of(Shape.OPEN, 1))),
          List.of(ValueSpec.tensor("y", DataType.FLOAT64, Shape.of(Shape.OPEN, 1))));

  private final String version;
  private final DoubleUnaryOperator function;

  Arithmetic(String version, DoubleUnaryOperator function) {
    this.version = version;
    this.function = function;
  }

  @Override
  public ModelInfo info() {
    return new ModelInfo("numbers", version, "test", SIGNATURE, "d" + version, Map.of());
  }

  @Override
  public void validate(Double row) {
    if (row < 0) {
      throw new InvalidInputException("row: expected a positive number, got " + row);
    }
  }

  @Override
  public Runner<Double, Double> newRunner(Lane lane) {
    RowBuffers in = new RowBuffers(SIGNATURE.inputs());
    RowBuffers out = new RowBuffers(SIGNATURE.outputs());
    CodecRows<Double, Double> codec = new CodecRows<>(new Numbers(), in, out, lane);
    return new Runner<>() {
      @Override
      public List<Outcome<Double>> run(List<? extends Double> rows) {
        int n = rows.size();
        long each = in.bytes(n);
        in.place(lane.memory(each + out.bytes(n)).position(0), n);
        out.place(lane.memory(each + out.bytes(n)).position((int) each), n);
        codec.encode(rows, 0, n);
        for (int i = 0; i < n; i++) {
          out.region(0).putDouble(8 * i, function.applyAsDouble(in.region(0).getDouble(8 * i)));
        }
        List<Outcome<Double>> outcomes = new ArrayList<>();
        codec.decode(outcomes);
        return outcomes;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {}

  private static final class Numbers implements Codec.Bound<Double, Double> {
    @Override
    public void encode(Double row, RowWriter writer) {
      writer.put(0, row);
    }

    @Override
    public Double decode(RowReader reader) {
      return reader.number(0, 0);
    }
  }
}
