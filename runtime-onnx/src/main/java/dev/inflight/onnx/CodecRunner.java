package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.Codec;
import dev.inflight.CodecRows;
import dev.inflight.Lane;
import dev.inflight.Outcome;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.ValueSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * One lane's runner for rows that go through a codec: the codec writes into the lane's memory, ONNX
 * Runtime reads it there and writes its answer beside it, the codec reads the answer there.
 *
 * <p>Invariant: a row is answered from a run of several rows only if that run gave one entry a row
 * ({@link OutputRows}); otherwise it is answered alone, and so is every later row of the model.
 */
final class CodecRunner<I, O> implements Runner<I, O> {
  private static final int[] NO_GROUP = {};

  private final OnnxModel model;
  private final Termination termination;
  private final CodecRows<I, O> rows;
  private final OutputRows answers;
  private final CodecMemory memory;
  private final RaggedRows ragged;
  private final List<Outcome<O>> outcomes = new ArrayList<>();
  private final int fixedBatch;
  private final boolean batched;
  private final boolean direct;

  CodecRunner(OnnxModel model, Codec.Bound<I, O> bound, Lane lane) throws OrtException {
    this.model = model;
    RowBuffers in = new RowBuffers(model.signature().inputs());
    RowBuffers out = new RowBuffers(model.signature().outputs());
    rows = new CodecRows<>(bound, in, out, lane);
    fixedBatch = model.fixedBatch();
    batched = model.isBatched();
    direct = in.isFixed() && isComplete(model);
    answers = new OutputRows(model, out, batched);
    memory = new CodecMemory(model, lane, in, out, answers, direct);
    ragged = new RaggedRows(model, in);
    termination = new Termination(model.info().label());
  }

  private static boolean isComplete(OnnxModel model) {
    return model.signature().inputs().stream().noneMatch(ValueSpec::optional);
  }

  @Override
  public O runOne(I row) throws OrtException {
    if (!direct) {
      return run(List.of(row)).get(0).value();
    }
    termination.reset();
    memory.place(inRun(1));
    rows.encodeOne(row);
    infer(padded(1), NO_GROUP);
    return rows.decodeOne();
  }

  @Override
  public List<Outcome<O>> run(List<? extends I> all) throws OrtException {
    termination.reset();
    outcomes.clear();
    for (int from = 0; from < all.size(); ) {
      int to = from + Math.min(model.maxBatch(), all.size() - from);
      memory.place(inRun(to - from));
      int n = rows.encode(all, from, to);
      if (direct) {
        answer(all, from, to, n);
      } else {
        answerRagged(n);
      }
      from = to;
    }
    return outcomes;
  }

  private int inRun(int n) {
    return fixedBatch == 0 ? n : fixedBatch;
  }

  private int padded(int n) {
    if (fixedBatch > n) {
      rows.pad(fixedBatch);
    }
    return inRun(n);
  }

  private void answer(List<? extends I> all, int from, int to, int n) throws OrtException {
    if (n > 0 && !infer(padded(n), NO_GROUP)) {
      for (int i = from; i < to; i++) {
        if (rows.encode(all, i, i + 1) > 0) {
          infer(1, NO_GROUP);
        }
        rows.decode(outcomes);
      }
      return;
    }
    rows.decode(outcomes);
  }

  /** Each group of rows that fit together in a run of its own. */
  private void answerRagged(int n) throws OrtException {
    for (int[] group : ragged.groups(n, rows::fail)) {
      boolean together = infer(group.length, group);
      for (int i = 0; i < group.length; i++) {
        if (!together) {
          infer(1, new int[] {group[i]});
        }
        rows.decode(group[i], together ? i : 0, together ? group.length : 1);
      }
    }
    rows.finish(outcomes);
  }

  /** False if the rows must be run one by one. */
  private boolean infer(int n, int[] group) throws OrtException {
    if (n > 1 && answers.needsProof() && fixedBatch == 0) {
      inferNow(1, direct ? group : new int[] {group[0]});
      if (model.maxBatch() == 1) {
        return false;
      }
    }
    boolean follow = inferNow(n, group);
    if (follow || !batched) {
      return true;
    }
    if (fixedBatch > 0) {
      throw new PredictionFailedException(
          model.info().label() + ": expected outputs of " + fixedBatch + " rows, as declared");
    }
    return n == 1;
  }

  private boolean inferNow(int n, int[] group) throws OrtException {
    termination.check();
    Feed feed = memory.feed(n);
    OrtSession.Result result;
    try {
      result = run(feed, group);
    } catch (OrtException e) {
      termination.check(e);
      if (!feed.isAnyPinned() || !Feed.isShapeProblem(e)) {
        throw e;
      }
      // Perhaps an output did not follow the rows as expected: ask once more without pinning, and
      // never pin again if that was it. A row that is to blame itself fails again.
      feed = memory.feedUnpinned(n);
      result = run(feed, group);
      model.giveUpPinning();
    }
    try (OrtSession.Result unpinned = result) {
      boolean follow = true;
      if (feed.isAllPinned()) {
        answers.readPinned();
      } else {
        follow = answers.read(feed, unpinned, n);
      }
      if (n == 1 && follow) {
        answers.prove();
      } else if (!follow && batched && fixedBatch == 0) {
        model.runRowsAlone();
      }
      return follow;
    }
  }

  private OrtSession.Result run(Feed feed, int[] group) throws OrtException {
    if (!direct) {
      ragged.feed(feed, group);
    }
    return feed.run(termination.options());
  }

  @Override
  public void cancel() {
    termination.terminate();
  }

  @Override
  public void close() {
    memory.close();
    termination.close();
  }
}
