package dev.inflight.onnx;

import dev.inflight.Codec;
import dev.inflight.ModelArtifact;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Takes rows of tensors with dimension 0 being 1, for any model. */
enum TensorsCodec implements Codec<Tensors, Tensors> {
  INSTANCE;

  @Override
  public Bound<Tensors, Tensors> bind(ModelArtifact artifact, Signature signature) {
    List<ValueSpec> inputs = signature.inputs();
    List<ValueSpec> outputs = signature.outputs();
    return new Bound<>() {
      @Override
      public void encode(Tensors row, RowWriter writer) {
        for (int i = 0; i < inputs.size(); i++) {
          put(writer, i, inputs.get(i), row.tensor(inputs.get(i).name()));
        }
      }

      @Override
      public Tensors decode(RowReader reader) {
        Map<String, ModelValue> values = new LinkedHashMap<>();
        for (int i = 0; i < outputs.size(); i++) {
          values.put(outputs.get(i).name(), reader.value(i));
        }
        return Tensors.of(values);
      }
    };
  }

  private static void put(RowWriter writer, int i, ValueSpec spec, Tensor tensor) {
    if (!spec.rowShape().isFixed()) {
      long[] dims = tensor.shape().dims();
      writer.dims(i, java.util.Arrays.copyOfRange(dims, 1, dims.length));
    }
    if (spec.type() == DataType.STRING) {
      tensor.strings().forEach(text -> writer.put(i, text));
      return;
    }
    switch (spec.type()) {
      case FLOAT32 -> writer.floats(i).put(tensor.floats());
      case FLOAT64 -> writer.doubles(i).put(tensor.doubles());
      case INT64 -> writer.longs(i).put(tensor.longs());
      case INT32 -> writer.ints(i).put(tensor.ints());
      case FLOAT16 -> writer.shorts(i).put(tensor.shorts());
      default -> writer.bytes(i).put(tensor.bytes());
    }
  }

  /** Entry {@code at} of every tensor, as a row. */
  static Tensors row(Tensors whole, int at) {
    Map<String, ModelValue> values = new LinkedHashMap<>();
    for (String name : whole.names()) {
      Tensor tensor = whole.tensor(name);
      long[] dims = tensor.shape().dims();
      int each = (int) (tensor.shape().elements() / dims[0]);
      dims[0] = 1;
      if (tensor.type() == DataType.STRING) {
        String[] strings =
            tensor.strings().subList(at * each, (at + 1) * each).toArray(new String[0]);
        values.put(name, Tensor.of(strings, dims));
      } else {
        int bytes = (int) tensor.type().bytes(each);
        values.put(name, Tensor.copyOf(tensor.type(), Shape.of(dims), tensor.bytes(), at * bytes));
      }
    }
    return Tensors.of(values);
  }
}
