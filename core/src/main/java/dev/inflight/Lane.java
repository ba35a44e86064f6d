package dev.inflight;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One permit, one library thread and its memory. Whoever holds the permit, a caller or the lane's
 * own thread, may run one batch at a time; runners of all models share the lane's memory because
 * only one of them runs.
 */
public final class Lane extends CacheLine {
  /*
   * Design. busy is the permit (CAS 0 -> 1). held is the lease: the version that this lane is about to use, uses, or
   * delivers the answers of. It is announced before and cleared after that, so a version is in use exactly when some lane holds it, and no counter is
   * shared between lanes. owner, memory, completions and the runners' insides are plain: the permit publishes them.
   */

  /** Not serving: nobody may rely on this lane to look at the queue. */
  static final long IDLE = Long.MAX_VALUE;

  private static final long LOOKING = Long.MIN_VALUE;

  /** A direct run in so many is measured: two looks at the clock are 2 % of the shortest run. */
  private static final int SAMPLE = 64;

  /** The same for runs of several rows, which are longer; a power of two. */
  private static final int BATCH_SAMPLE = 8;

  private static final VarHandle BUSY;

  static {
    try {
      BUSY = MethodHandles.lookup().findVarHandle(Lane.class, "busy", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Dispatcher dispatcher;
  private final int index;
  private final long firstCallId;

  @SuppressWarnings("unused") // through BUSY
  private volatile int busy;

  volatile @Nullable Version<?, ?> held;
  private Completions completions;
  private volatile long until = IDLE;
  private volatile @Nullable LaneThread thread;
  private @Nullable Thread owner;
  private ByteBuffer memory = ByteBuffer.allocateDirect(0);
  private volatile long memoryBytes;
  private long calls;
  private int untilSample;
  private int batches;
  private boolean timing;
  private long encodeNanos;
  private long decodeNanos;

  Lane(Dispatcher dispatcher, int index, int instance) {
    this.dispatcher = dispatcher;
    this.index = index;
    completions = new Completions(dispatcher.surroundings());
    firstCallId = ((long) instance << 52) + ((long) index << 40);
  }

  /** {@return the position of this lane, from 0; constant} */
  public int index() {
    return index;
  }

  /**
   * {@return at least {@code bytes} bytes of direct memory, aligned to 64, in native order, content
   * undefined} Shared by every runner of this lane, so nothing in it survives the run. Only for the
   * thread that holds the lane. The same buffer comes back until somebody asks for more; a runner
   * that caches views compares buffers by identity.
   *
   * @throws IllegalArgumentException if it is more than 2 GiB
   * @throws OutOfMemoryError if direct memory is used up ({@code -XX:MaxDirectMemorySize})
   */
  public ByteBuffer memory(long bytes) {
    if (bytes > Integer.MAX_VALUE - 128) {
      throw new IllegalArgumentException(
          "lane memory: expected at most 2 GiB, got " + bytes + " bytes");
    }
    if (memory.capacity() < bytes) {
      int size = (int) Math.min(Math.max(bytes, 2L * memory.capacity()), Integer.MAX_VALUE - 128);
      memory = ByteBuffer.allocateDirect(size + 64).alignedSlice(64).order(ByteOrder.nativeOrder());
      memoryBytes = size;
    }
    return memory;
  }

  /** What {@link #memory} has grown to. */
  long memoryBytes() {
    return memoryBytes;
  }

  boolean isFree() {
    return busy == 0;
  }

  boolean tryEnter() {
    if (busy == 0 && BUSY.compareAndSet(this, 0, 1)) {
      owner = Thread.currentThread();
      return true;
    }
    return false;
  }

  void leave() {
    owner = null;
    busy = 0;
  }

  boolean isOwnedByCurrentThread() {
    return busy == 1 && owner == Thread.currentThread();
  }

  /** Unique in the process: lanes never share a counter. */
  long nextCallId() {
    return firstCallId + ++calls;
  }

  /** For the holder: from now on, or no more, codecs say what they take. */
  void time(boolean stages) {
    timing = stages;
    encodeNanos = 0;
    decodeNanos = 0;
  }

  /** A codec begins to encode or decode; what is returned is for the end of that. */
  long beginStage() {
    return timing ? dispatcher.nanos() : 0;
  }

  void encoded(long begin) {
    if (timing) {
      encodeNanos += dispatcher.nanos() - begin;
    }
  }

  void decoded(long begin) {
    if (timing) {
      decodeNanos += dispatcher.nanos() - begin;
    }
  }

  long encodeNanos() {
    return encodeNanos;
  }

  long decodeNanos() {
    return decodeNanos;
  }

  /** Whether the run that follows is one to measure. */
  boolean samples() {
    if (--untilSample >= 0) {
      return false;
    }
    untilSample = SAMPLE - 1;
    return true;
  }

  /** Whether codecs are to say what they take: as often, and not on the runs that are measured. */
  boolean samplesStages() {
    return untilSample == SAMPLE / 2;
  }

  /** The same for a run of several rows, some of whose codecs look at the clock for each row. */
  boolean samplesBatchStages() {
    return (++batches & (BATCH_SAMPLE - 1)) == 0;
  }

  /** How many direct runs a sample stands for. */
  static int sampled() {
    return SAMPLE;
  }

  /** When the lane expects to look at the queue again, or {@link #IDLE}. */
  void until(long nanos) {
    until = nanos;
  }

  /** The run is over: it looks at the queue as soon as the answers are delivered. */
  void looksSoon() {
    until = LOOKING;
  }

  boolean looksWithin(long window, long now) {
    long end = until;
    if (end != IDLE) {
      return end == LOOKING || Math.abs(end - now) < window;
    }
    return isThreadAwayFor(window, now);
  }

  /** Whether its thread completes futures, not longer yet, and looks at the queue afterwards. */
  boolean isThreadAwayFor(long atMost, long now) {
    LaneThread served = thread;
    return served != null && served.isAwayFor(atMost, now);
  }

  /** Where futures complete that this lane has answered. */
  Completions completions() {
    return completions;
  }

  boolean isClosed() {
    return dispatcher.isClosed();
  }

  boolean isServedBy(LaneThread candidate) {
    return thread == candidate;
  }

  /** For whoever has just entered this lane on behalf of its thread. */
  void handToThread() {
    Executor servers = dispatcher.surroundings().servers();
    if (servers != null) {
      owner = null;
      servers.execute(() -> serve(null));
      return;
    }
    LaneThread served = thread;
    if (served == null || served.isAway()) {
      served = replace(served);
    }
    owner = served.thread();
    served.tell();
  }

  private LaneThread replace(@Nullable LaneThread before) {
    LaneThread next = new LaneThread(this);
    thread = next;
    if (before != null) {
      completions = new Completions(dispatcher.surroundings()); // the old ones wait for that thread
      dispatcher.threadIsLost();
      before.wake(); // it may have come back just now, and parked
    }
    return next;
  }

  /** A thread that was replaced has come back and ends. */
  void threadIsBack() {
    dispatcher.threadIsBack();
  }

  void stop() {
    LaneThread served = thread;
    if (served != null) {
      served.wake();
    }
  }

  /** With the permit, until there is nothing to do. */
  void serve(@Nullable LaneThread by) {
    owner = Thread.currentThread();
    while (true) {
      Batch<?, ?> batch = dispatcher.next(this, null);
      while (batch != null) {
        batch.run(this);
        if (completions.isEmpty()) {
          batch = dispatcher.next(this, batch);
        } else if (by == null || !dispatcher.mayCompleteOnLanes()) {
          completions.flush();
          batch = dispatcher.next(this, batch);
        } else if (complete(batch, by)) {
          batch = dispatcher.next(this, null);
        } else {
          return;
        }
      }
      leave();
      // Dekker: whoever queued before this look either saw busy == 0 and kicked, or is seen here.
      if (!dispatcher.hasTakeable() || !tryEnter()) {
        return;
      }
    }
  }

  /**
   * Completes the futures of a batch, without the permit: a continuation that blocks holds no lane.
   * True with the permit again; false if nothing waits, or somebody else has it.
   */
  private boolean complete(Batch<?, ?> batch, LaneThread by) {
    dispatcher.settle(batch);
    Completions answered = completions;
    by.goAway(dispatcher.nanos()); // before leave: who finds the lane free sees it
    until = IDLE;
    leave();
    answered.drainHere();
    by.comeBack();
    return dispatcher.hasTakeable() && isServedBy(by) && tryEnter();
  }
}
