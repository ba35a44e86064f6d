package dev.inflight.tribuo;

import dev.inflight.Codec;
import dev.inflight.ModelArtifact;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** Arrays whose entries have the given names; an answer is every output's row by name. */
final class ArrayCodec implements Codec<double[], Map<String, Object>> {
  private final List<String> names;
  final AtomicInteger open = new AtomicInteger();

  ArrayCodec(List<String> names) {
    this.names = List.copyOf(names);
  }

  @Override
  public Bound<double[], Map<String, Object>> bind(ModelArtifact artifact, Signature signature) {
    ValueSpec features = signature.inputs().get(0);
    int[] from = features.columns().stream().mapToInt(names::indexOf).toArray();
    for (int i = 0; i < from.length; i++) {
      if (from[i] < 0) {
        throw new IllegalArgumentException("no value for '" + features.columns().get(i) + "'");
      }
    }
    open.incrementAndGet();
    return new BoundArrays(from, signature.outputs(), open);
  }

  private static final class BoundArrays implements Bound<double[], Map<String, Object>> {
    private final int[] from;
    private final List<ValueSpec> outputs;
    private final AtomicInteger open;

    BoundArrays(int[] from, List<ValueSpec> outputs, AtomicInteger open) {
      this.from = from;
      this.outputs = outputs;
      this.open = open;
    }

    @Override
    public void encode(double[] row, RowWriter writer) {
      for (int column : from) {
        writer.put(0, row[column]);
      }
    }

    @Override
    public Map<String, Object> decode(RowReader reader) {
      Map<String, Object> answer = new LinkedHashMap<>();
      for (int i = 0; i < outputs.size(); i++) {
        answer.put(outputs.get(i).name(), row(reader, i));
      }
      return answer;
    }

    private Object row(RowReader reader, int output) {
      int n = reader.elements(output);
      return switch (outputs.get(output).type()) {
        case STRING -> reader.string(output, 0);
        case INT64 -> reader.integer(output, 0);
        case BOOL -> {
          boolean[] values = new boolean[n];
          for (int i = 0; i < n; i++) {
            values[i] = reader.integer(output, i) == 1;
          }
          yield values;
        }
        default -> {
          double[] values = new double[n];
          reader.doubles(output).get(values);
          yield values;
        }
      };
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }
}
