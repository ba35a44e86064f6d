package dev.inflight;

/**
 * Decides from what runs cost whether the calls of one model that meet should share one.
 *
 * <p>Invariant: {@code decision} is replaced as a whole, by whoever recorded the run that completed
 * a fit; everybody else only reads it.
 */
final class BatchingRule {
  /*
   * Design. A row saves t(1) - t(16)/16 in a batch and pays one hand-off for it. Where that does not pay, a blocking call runs
   * directly, on a spare lane if all others are taken, as long as its run is so short that the hand-off would show; long runs
   * wait for a lane, which costs them nothing and keeps memory and cores in order. HYSTERESIS keeps a model at the edge from
   * changing its mind; while it runs directly a PROBE now and then sends what meets through the queue.
   */

  /** A saving of this part of a hand-off pays: callers that wait do not fight for cores. */
  static final double PAYS = 0.9;

  /** Parking a virtual thread costs that part of parking a platform thread. */
  private static final double VIRTUAL = 0.4;

  private static final double HYSTERESIS = 0.15;

  /** A run this many times as long as a hand-off does not notice it. */
  static final double LONG_RUN = 20;

  /** A model whose hand-offs cost twice what its rows do is served by one lane at a time. */
  private static final double ONE_LANE = 0.5;

  /** How long a woken thread takes to run, in nanoseconds: no lane is woken for less. */
  static final long WAKE_UP = 30_000;

  /** When even a one-lane model gets a second one. */
  static final long ONE_LANE_PATIENCE = 8 * WAKE_UP;

  /** The part of a run that is not its rows, above which a larger batch is allowed. */
  private static final double OVERHEAD = 0.02;

  /** Until the fit is known. */
  private static final int LEARNING_CAP = 64;

  private static final long PROBE_EVERY = 1_000_000_000;

  /** Rows that a probe sends through the queue. */
  private static final int PROBE_ROWS = 64;

  /** Calls that a probe lets run directly: enough for each of 256 callers to get warm. */
  private static final int DIRECT_PROBE = 1024;

  /** The same after a batch, until it is known at all what a row costs alone. */
  private static final int OWN_PROBE = 4;

  /** A saving of so many prices is beyond doubt. */
  private static final double CLEAR = 8;

  private record Decision(
      BatchingReport.Mode mode,
      BatchingReport.Mode virtualMode,
      RunCost.Line line,
      double handOff,
      int cap,
      boolean oneLane) {}

  private final Batching batching;
  private final int lanes;
  private final HandOff price;
  private final Load load = new Load();
  private volatile Decision decision;
  private volatile RunCost cost = new RunCost();
  private volatile long nextProbe;
  private volatile int probing;
  private volatile int directProbe; // racy: some calls more or less

  BatchingRule(Batching batching, int lanes, HandOff price) {
    this.batching = batching;
    this.lanes = lanes;
    this.price = price;
    decision =
        new Decision(
            BatchingReport.Mode.LEARNING,
            BatchingReport.Mode.LEARNING,
            RunCost.Line.UNKNOWN,
            price.nanos(),
            Math.min(batching.maxBatch(), LEARNING_CAP),
            false);
  }

  /** A version goes live: what is decided stands until its own runs say otherwise. */
  void follow(RunCost next) {
    cost = next;
  }

  RunCost.Line line() {
    return decision.line();
  }

  int cap() {
    return decision.cap();
  }

  boolean isOneLane() {
    return decision.oneLane();
  }

  /**
   * Whether a blocking call runs at once, however many others do. For the call itself: it counts.
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // a lost update is a call more in the probe
  boolean isDirect() {
    if (directProbe > 0) {
      directProbe--;
      return true;
    }
    Decision now = decision;
    return isDecidedDirect(now) && (now.virtualMode() == now.mode() || !VirtualThreads.isCurrent());
  }

  private boolean isDecidedDirect(Decision now) {
    return now.mode() == BatchingReport.Mode.DIRECT && probing == 0;
  }

  /** Whether a call may run on its caller's thread where a lane is free. */
  boolean runsOnCaller() {
    return batching.maxDelay().isZero();
  }

  /** A sample of the rows that callers run themselves. */
  void observeOwn(RunCost of, long nanos, long now) {
    if (of.observeOwn(nanos) && of == cost) {
      decide(of.line(), now);
    }
  }

  /** A run of a batch: {@code rows} in {@code nanos}, at {@code now}. */
  void observe(RunCost of, int rows, long nanos, long now) {
    if (of.observe(rows, nanos) && of == cost) {
      decide(of.line(), now);
    }
  }

  private void decide(RunCost.Line line, long now) {
    double handOff = price.nanos();
    if (line.one() > 0 && line.one() < LONG_RUN * handOff) {
      price.measureOnce();
    }
    Decision before = decision;
    BatchingReport.Mode mode = mode(line, handOff, handOff, before.mode());
    BatchingReport.Mode virtualMode = mode(line, VIRTUAL * handOff, handOff, before.virtualMode());
    if (mode == BatchingReport.Mode.DIRECT && before.mode() != mode) {
      nextProbe = now + PROBE_EVERY;
    }
    boolean oneLane = line.known() && line.row() < ONE_LANE * handOff;
    decision = new Decision(mode, virtualMode, line, handOff, cap(line), oneLane);
  }

  /** For callers whose hand-off costs {@code price}; a platform thread's costs {@code handOff}. */
  private BatchingReport.Mode mode(
      RunCost.Line line, double price, double handOff, BatchingReport.Mode before) {
    if (line.one() == 0) {
      return before; // no row ran alone yet: what a batch saves cannot be said
    }
    double pays = PAYS * price;
    if (before == BatchingReport.Mode.DIRECT) {
      pays *= 1 + HYSTERESIS;
    } else if (before == BatchingReport.Mode.BATCHED) {
      pays *= 1 - HYSTERESIS;
    }
    if (line.saving() < pays || batching.maxBatch() == 1) {
      // Unknown savings are at most a whole run: if even that does not pay, nothing will.
      boolean sure = line.known() || line.one() < pays || batching.maxBatch() == 1;
      if (sure) {
        return line.one() < LONG_RUN * handOff && runsOnCaller()
            ? BatchingReport.Mode.DIRECT
            : BatchingReport.Mode.QUEUED;
      }
    }
    return line.known() ? BatchingReport.Mode.BATCHED : BatchingReport.Mode.LEARNING;
  }

  /** As large as the fit says it is worth, and never so small that this load would not fit. */
  private int cap(RunCost.Line line) {
    if (!line.known()) {
      return Math.min(batching.maxBatch(), LEARNING_CAP);
    }
    double worth = line.row() == 0 ? Integer.MAX_VALUE : line.fixed() / (OVERHEAD * line.row());
    double perLane = 1.25 * load.rowsPerSecond() / 1e9 / lanes;
    double slack = 1 - perLane * line.row();
    double stable = slack <= 0 ? Integer.MAX_VALUE : perLane * line.fixed() / slack;
    double wanted = Math.max(8, Math.max(worth, stable));
    int power =
        wanted >= 1 << 20 ? 1 << 20 : Integer.highestOneBit((int) Math.ceil(wanted) - 1) * 2;
    return Math.min(batching.maxBatch(), power);
  }

  /** Whether every call that runs directly now is to be measured. */
  boolean isProbingDirect() {
    return directProbe > 0;
  }

  /**
   * Called while calls share runs: what a row costs alone shows only where some run alone. A few
   * calls a batch run directly until that is known at all; where the saving is in doubt a crowd
   * does now and then, because between two waits a row is measured with cold caches. Not where runs
   * are long.
   */
  private void maybeProbeDirect(long now) {
    Decision current = decision;
    RunCost.Line line = current.line();
    if (current.mode() == BatchingReport.Mode.DIRECT
        || !runsOnCaller()
        || line.nanos(1) > LONG_RUN * current.handOff()) {
      return;
    }
    if (cost.lacksOwn()) {
      directProbe = OWN_PROBE;
    } else if (current.mode() == BatchingReport.Mode.BATCHED
        && now - nextProbe > 0
        && line.saving() < CLEAR * PAYS * current.handOff()) {
      nextProbe = now + PROBE_EVERY;
      directProbe = DIRECT_PROBE;
    }
  }

  /** Called now and then while calls run directly: time to see what a batch would cost? */
  private void maybeProbe(long now) {
    if (isDecidedDirect(decision) && now - nextProbe > 0) {
      nextProbe = now + PROBE_EVERY;
      probing = PROBE_ROWS;
    }
  }

  /** {@code rows} rows that callers ran themselves took {@code took}. */
  void ranDirectly(int rows, long took, long now) {
    load.add(rows, took, now);
    maybeProbe(now);
  }

  /** Under the dispatcher's lock: a batch of {@code rows} from the queue took {@code took}. */
  void served(int rows, long took, long now) {
    load.add(rows, took, now);
    maybeProbeDirect(now);
    if (probing > 0) {
      probing = Math.max(0, probing - rows);
    }
  }

  /**
   * When the answer to a call of {@code rows} rows is there if {@code ahead} rows, its own
   * included, go first and nothing disturbs: never more than it will take. 0 if unknown.
   */
  double nanosUntilAnswer(int ahead, int rows) {
    Decision now = decision;
    if (!now.line().known()) {
      return 0;
    }
    double batches = Math.ceil((double) ahead / now.cap());
    double work = now.line().row() * ahead + now.line().fixed() * batches;
    return Math.max(now.line().nanos(rows), work / lanes);
  }

  BatchingReport report() {
    Decision now = decision;
    RunCost.Line line = now.line();
    double wait =
        line.known()
            ? expectedWait(load.rowsPerSecond() / 1e9 / lanes, line.row(), line.fixed())
            : 0;
    return new BatchingReport(
        now.mode(),
        now.virtualMode(),
        line.fixed(),
        line.row(),
        line.saving(),
        now.handOff(),
        now.cap(),
        load.rowsPerSecond(),
        Math.min(1, load.busy() / lanes),
        wait,
        cost.runs());
  }

  /**
   * Upper bound of the mean wait of a server that takes all that waits, Poisson arrivals of {@code
   * rate} per nanosecond and t(b) = row*b + fixed: Inoue, arXiv 1912.06322, Theorem 2.
   */
  static double expectedWait(double rate, double row, double fixed) {
    double used = rate * row;
    if (used >= 1) {
      return Double.POSITIVE_INFINITY;
    }
    double f0 =
        (row + fixed) / (2 * (1 - used)) * (1 + 2 * rate * fixed + (1 - rate * fixed) / (1 + used));
    double f1 = 1.5 * fixed / (1 - used) + row / 2 * (used + 2) / (1 - used * used);
    return Math.max(0, Math.min(f0, f1) - (row + fixed));
  }
}
