package dev.inflight.onnx;

import dev.inflight.Lanes;
import dev.inflight.ModelSlot;
import dev.inflight.onnx.OrtSwaps.Cell;
import dev.inflight.onnx.OrtSwaps.Verdict;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** F20: calls {@code System.exit} at some moment of loads, runs or swaps that never end. */
final class Exits {
  private Exits() {}

  /** What goes on at the exit. */
  enum During {
    LOAD,
    RUN,
    SWAP
  }

  /** Argument: what goes on. */
  public static void main(String[] arguments) throws Exception {
    ModelSlot<Cell, Verdict> slot = ModelSlot.of(OrtSwaps.load(0), Lanes.of(2));
    CountDownLatch begun = new CountDownLatch(4);
    Runnable work =
        switch (During.valueOf(arguments[0])) {
          case LOAD -> () -> OrtSwaps.load(1).close();
          case RUN -> () -> {};
          case SWAP -> () -> slot.swap(OrtSwaps.load(1)).join();
        };
    forEver(begun, work);
    forEver(begun, During.valueOf(arguments[0]) == During.LOAD ? Exits::loadWeights : work);
    forEver(begun, () -> slot.predictor().predict(OrtSwaps.CELL));
    forEver(begun, () -> slot.predictor().predict(OrtSwaps.CELL));
    if (!begun.await(60, TimeUnit.SECONDS)) {
      Runtime.getRuntime().halt(3);
    }
    LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(20_000_000));
    System.out.println("exits at " + System.currentTimeMillis());
    System.exit(0);
  }

  /** Of another file. */
  private static void loadWeights() {
    ChildMains.load("onnx/external-data").close();
  }

  @SuppressWarnings("InfiniteLoop")
  private static void forEver(CountDownLatch begun, Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              work.run();
              begun.countDown();
              while (true) {
                work.run();
              }
            });
    thread.setUncaughtExceptionHandler((t, e) -> System.out.println("thread failed " + e));
    thread.start();
  }
}
