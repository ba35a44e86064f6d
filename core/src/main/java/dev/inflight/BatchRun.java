package dev.inflight;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One run of a batch on a leased version, in which no row harms another: a row the version does not
 * accept is set aside, rows that cannot share a native run get their own, and a failed run is
 * bisected until the guilty rows are found.
 *
 * <p>Invariant: {@code outcomes} has one place per row; a place is filled once.
 */
final class BatchRun<I, O> {
  private final Line<I, O> line;
  private final Version<I, O> version;
  private final Lane lane;
  private final @Nullable Batch<I, O> batch;
  private final List<I> rows = new ArrayList<>();
  private final List<@Nullable Outcome<O>> outcomes = new ArrayList<>();
  private int budget;
  private int weight;
  private int refused;
  private @Nullable InferenceException wholeFailure;

  /** Of a batch, whose calls may be given up meanwhile, or without one of a caller's own rows. */
  BatchRun(Line<I, O> line, Version<I, O> version, Lane lane, @Nullable Batch<I, O> batch) {
    this.line = line;
    this.version = version;
    this.lane = lane;
    this.batch = batch;
  }

  /** Rows that {@code validated} has accepted; null if nothing has. */
  void add(List<? extends I> more, @Nullable Version<I, O> validated) {
    for (int i = 0; i < more.size(); i++) {
      I row = more.get(i);
      rows.add(row);
      Outcome<O> refusal = validated == version ? null : refusal(row);
      refused += refusal == null ? 0 : 1;
      outcomes.add(refusal);
    }
  }

  private @Nullable Outcome<O> refusal(I row) {
    try {
      version.model().validate(row);
      return null;
    } catch (InferenceException e) {
      return Outcome.failed(e);
    } catch (Throwable e) {
      // As for a run: a backend's bug must not end the lane.
      return Outcome.failed(
          new PredictionFailedException(version.info().label() + " failed to validate: " + e, e));
    }
  }

  /** One outcome per row, in order. Never throws what a backend throws. */
  @SuppressWarnings({"NullAway", "unchecked"}) // every place is filled by then
  List<Outcome<O>> run() {
    if (refused == 0 && sharesOneRun()) {
      List<Outcome<O>> all = runTogether();
      if (all != null) {
        return all;
      }
    }
    List<Integer> group = new ArrayList<>();
    boolean[] grouped = new boolean[rows.size()];
    for (int i = 0; i < rows.size(); i++) {
      if (outcomes.get(i) == null && !grouped[i]) {
        gather(i, grouped, group);
        runGroup(group);
      }
    }
    return (List<Outcome<O>>) (List<?>) outcomes;
  }

  private boolean sharesOneRun() {
    Model<I, O> model = version.model();
    I leader = rows.get(0);
    int size = version.rows(leader);
    for (int i = 1; i < rows.size(); i++) {
      I row = rows.get(i);
      size += version.rows(row);
      if (!model.batchesWith(leader, row)) {
        return false;
      }
    }
    weight = size;
    return rows.size() == 1 || size <= version.maxBatch();
  }

  /**
   * What nearly every batch needs and no more; null if the run failed, which {@link #run} mends.
   */
  private @Nullable List<Outcome<O>> runTogether() {
    try {
      return new ArrayList<>(timed(rows, true));
    } catch (InferenceException e) {
      if (rows.size() == 1) {
        return List.of(Outcome.failed(e));
      }
      wholeFailure = e;
      return null;
    }
  }

  private List<Outcome<O>> timed(List<I> part, boolean whole) {
    long begin = line.nanos();
    List<Outcome<O>> answers = version.run(lane, part, batch);
    if (whole) {
      long end = line.nanos();
      line.rule().observe(version.cost(), weight, end - begin, end);
    }
    return answers;
  }

  /** The row and all later ones that may share its native run, up to the model's limit. */
  private void gather(int first, boolean[] grouped, List<Integer> group) {
    Model<I, O> model = version.model();
    int most = version.maxBatch();
    int room = most;
    I leader = rows.get(first);
    group.clear();
    for (int i = first; i < rows.size() && room > 0; i++) {
      if (outcomes.get(i) != null || grouped[i]) {
        continue;
      }
      I row = rows.get(i);
      int size = version.rows(row);
      if (i == first || (size <= room && model.batchesWith(leader, row))) {
        grouped[i] = true;
        group.add(i);
        room -= size;
      }
    }
    weight = most - room;
  }

  private void runGroup(List<Integer> group) {
    int n = group.size();
    budget = 2 * (32 - Integer.numberOfLeadingZeros(Math.max(1, n - 1))) + 1;
    runPart(group, 0, n, null);
  }

  private void runPart(List<Integer> group, int from, int to, @Nullable InferenceException before) {
    if (before != null && budget-- <= 0) {
      fail(
          group,
          from,
          to,
          new PredictionFailedException(
              version.info().label()
                  + ": a run failed, and which of "
                  + (to - from)
                  + " rows is to blame was not found in time",
              before));
      return;
    }
    List<I> part = new ArrayList<>(to - from);
    for (int i = from; i < to; i++) {
      part.add(rows.get(group.get(i)));
    }
    InferenceException failure = attempt(part, group, from);
    if (failure == null) {
      return;
    }
    if (to - from == 1 || (batch != null && batch.isDead())) {
      fail(group, from, to, failure);
      return;
    }
    int middle = (from + to) >>> 1;
    runPart(group, from, middle, failure);
    runPart(group, middle, to, failure);
  }

  private @Nullable InferenceException attempt(List<I> part, List<Integer> group, int from) {
    List<Outcome<O>> answers;
    InferenceException known = wholeFailure;
    if (known != null) {
      wholeFailure = null;
      return known; // all of them have been tried together already
    }
    try {
      answers = timed(part, part.size() == group.size());
    } catch (InferenceException e) {
      return e;
    }
    for (int i = 0; i < answers.size(); i++) {
      outcomes.set(group.get(from + i), answers.get(i));
    }
    return null;
  }

  private void fail(List<Integer> group, int from, int to, InferenceException failure) {
    Outcome<O> failed = Outcome.failed(failure);
    for (int i = from; i < to; i++) {
      outcomes.set(group.get(i), failed);
    }
  }
}
