package dev.inflight.onnx;

import dev.inflight.Lane;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** One lane's runner of a compiled model, for rows of tensors, read where they are. */
final class CompiledTensorsRunner implements Runner<Tensors, Tensors> {
  private final Compiled.Evaluation evaluation;
  private final String input;
  private final String[] outputs;
  private final RowBuffers out;
  private final LaneRows place;
  private final List<Outcome<Tensors>> outcomes = new ArrayList<>();

  CompiledTensorsRunner(OnnxModel model, Compiled compiled, Lane lane) {
    evaluation = compiled.newEvaluation();
    input = model.signature().inputs().get(0).name();
    outputs = model.outputNames().toArray(new String[0]);
    out = new RowBuffers(model.signature().outputs());
    place = new LaneRows(lane, new RowBuffers(List.of()), out);
  }

  @Override
  public Tensors runOne(Tensors row) {
    Tensor tensor = row.tensor(input);
    int n = (int) tensor.shape().dim(0);
    place.place(n);
    evaluation.answer(tensor.bytes().order(ByteOrder.nativeOrder()), n, out);
    ModelValue[] values = new ModelValue[outputs.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = evaluation.value(i, n, out);
    }
    return Tensors.adopt(outputs, values);
  }

  @Override
  public List<Outcome<Tensors>> run(List<? extends Tensors> rows) {
    outcomes.clear();
    for (int i = 0; i < rows.size(); i++) {
      outcomes.add(Outcome.of(runOne(rows.get(i))));
    }
    return outcomes;
  }

  @Override
  public void close() {}
}
