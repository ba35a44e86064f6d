package dev.inflight;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.AbstractList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One permit, one library thread and its memory. Whoever holds the permit, a caller or the lane's
 * own thread, may run one row at a time; runners of all models share the lane's memory because only
 * one of them runs.
 */
public final class Lane {
  /*
   * Design. busy is the permit (CAS 0 -> 1). held is the lease: the version this lane is about to use or uses. It is
   * announced before and cleared after every use, so a version is in use exactly when some lane holds it, and no counter is
   * shared between lanes. owner, memory and the runners' insides are plain: the permit publishes them.
   */
  private static final VarHandle BUSY;

  static {
    try {
      BUSY = MethodHandles.lookup().findVarHandle(Lane.class, "busy", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Lanes lanes;
  private final int index;
  private final Single<Object> single = new Single<>();

  @SuppressWarnings("unused") // through BUSY
  private volatile int busy;

  volatile @Nullable Version<?, ?> held;
  private volatile boolean go;
  private volatile @Nullable Thread thread;
  private @Nullable Thread owner;
  private ByteBuffer memory = ByteBuffer.allocateDirect(0);
  private long calls;

  Lane(Lanes lanes, int index) {
    this.lanes = lanes;
    this.index = index;
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
    }
    return memory;
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

  /** A one-element list over {@code row}, reused: valid until the next call. */
  @SuppressWarnings("unchecked")
  <I> Single<I> single(I row) {
    single.row = row;
    return (Single<I>) single;
  }

  /** Unique in the process: lanes never share a counter. */
  long nextCallId() {
    return lanes.firstCallId() + ((long) index << 40) + ++calls;
  }

  /** For whoever has just entered this lane on behalf of its thread. */
  void handToThread() {
    Thread runner = thread;
    if (runner == null) {
      runner = new Thread(this::serve, "inflight-lane-" + index);
      runner.setDaemon(true);
      owner = runner;
      thread = runner;
      go = true;
      runner.start();
      return;
    }
    owner = runner;
    go = true;
    LockSupport.unpark(runner);
  }

  void stop() {
    Thread runner = thread;
    if (runner != null) {
      LockSupport.unpark(runner);
    }
  }

  private void serve() {
    while (true) {
      while (!go) {
        if (lanes.isClosed()) {
          return;
        }
        LockSupport.park(this);
      }
      go = false;
      boolean mine = true;
      while (mine) {
        Call<?, ?> call;
        while ((call = lanes.poll()) != null) {
          call.execute(this);
        }
        leave();
        // Dekker: whoever queued before this read either saw busy == 0 and kicked, or its call is
        // seen here.
        mine = lanes.hasQueued() && tryEnter();
      }
    }
  }

  static final class Single<I> extends AbstractList<I> {
    private @Nullable I row;

    @Override
    @SuppressWarnings("NullAway") // set by single(row) before anybody reads
    public I get(int i) {
      return row;
    }

    @Override
    public int size() {
      return 1;
    }

    /** Keeps nothing of the caller's alive. */
    void forget() {
      row = null;
    }
  }
}
