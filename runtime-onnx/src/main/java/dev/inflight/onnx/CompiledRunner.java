package dev.inflight.onnx;

import dev.inflight.Codec;
import dev.inflight.CodecRows;
import dev.inflight.Lane;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.RowBuffers;
import java.util.ArrayList;
import java.util.List;

/** One lane's runner of a compiled model, for rows that go through a codec. */
final class CompiledRunner<I, O> implements Runner<I, O> {
  private final OnnxModel model;
  private final Compiled.Evaluation evaluation;
  private final RowBuffers in;
  private final RowBuffers out;
  private final LaneRows place;
  private final CodecRows<I, O> rows;
  private final List<Outcome<O>> outcomes = new ArrayList<>();

  CompiledRunner(OnnxModel model, Compiled compiled, Codec.Bound<I, O> bound, Lane lane) {
    this.model = model;
    evaluation = compiled.newEvaluation();
    in = new RowBuffers(model.signature().inputs());
    out = new RowBuffers(model.signature().outputs());
    place = new LaneRows(lane, in, out);
    rows = new CodecRows<>(bound, in, out, lane);
  }

  @Override
  public O runOne(I row) {
    place.place(1);
    rows.encodeOne(row);
    evaluation.answer(in.region(0), 1, out);
    return rows.decodeOne();
  }

  @Override
  public List<Outcome<O>> run(List<? extends I> all) {
    outcomes.clear();
    for (int from = 0; from < all.size(); ) {
      int to = from + Math.min(model.maxBatch(), all.size() - from);
      place.place(to - from);
      evaluation.answer(in.region(0), rows.encode(all, from, to), out);
      rows.decode(outcomes);
      from = to;
    }
    return outcomes;
  }

  @Override
  public void close() {}
}
