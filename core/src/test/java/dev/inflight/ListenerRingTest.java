package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.tensor.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Events arrive in order on one thread, or are dropped and counted; nobody waits. */
@Timeout(60)
class ListenerRingTest {
  private static final ModelInfo INFO =
      new ModelInfo("m", "1", "test", new Signature(List.of(), List.of()), "", Map.of());

  private static final Lane LANE = Lanes.of(1).dispatcher().everyLane().get(0);

  /** Counts what comes, and can be held. */
  private static final class Recorder implements InferenceListener {
    final List<Integer> rows = new ArrayList<>();
    final AtomicLong dropped = new AtomicLong();
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch open = new CountDownLatch(1);
    final CountDownLatch last = new CountDownLatch(1);
    String thread = "";

    @Override
    public void onRun(InferenceRun run) {
      entered.countDown();
      thread = Thread.currentThread().getName();
      try {
        open.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      rows.add(run.rows());
    }

    @Override
    public void onEnded(ModelInfo model, CallEnd end, int predictions) {
      last.countDown();
    }

    @Override
    public void onDropped(long events) {
      dropped.addAndGet(events);
    }

    void await(CountDownLatch latch) throws InterruptedException {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void ran(ListenerRing ring, int rows) {
    ring.ran(INFO, LANE, Release.CALLER, rows, rows, 0, 1, 2, List.of());
  }

  private static void end(ListenerRing ring) {
    ring.ended(INFO, CallEnd.FAILED, 1);
  }

  @Test
  void events_ofOneProducer_arriveInOrderOnTheListenerThread() throws Exception {
    ListenerRing ring = new ListenerRing();
    assertThat(ring.isActive()).isFalse();
    Recorder recorder = new Recorder();
    recorder.open.countDown();
    AutoCloseable registration = ring.add(recorder);
    assertThat(ring.isActive()).isTrue();
    for (int i = 0; i < 100; i++) {
      ran(ring, i);
    }
    end(ring);
    recorder.await(recorder.last);
    assertThat(recorder.rows).hasSize(100).isSorted();
    assertThat(recorder.thread).isEqualTo("inflight-listener");
    assertThat(recorder.dropped).hasValue(0);
    registration.close();
    assertThat(ring.isActive()).isFalse();
    ring.close();
  }

  @Test
  void events_slowListener_areDroppedAndCounted() throws Exception {
    ListenerRing ring = new ListenerRing();
    Recorder recorder = new Recorder();
    try (AutoCloseable registration = ring.add(recorder)) {
      assertThat(registration).isNotNull();
      ran(ring, 0);
      recorder.await(recorder.entered);
      int more = 10_000;
      for (int i = 1; i <= more; i++) {
        ran(ring, i);
      }
      recorder.open.countDown();
      // A full ring drops the end too, until the listener has caught up.
      do {
        end(ring);
      } while (!recorder.last.await(1, TimeUnit.MILLISECONDS));
      assertThat(recorder.rows).hasSizeBetween(4096, 4097).isSorted();
      while (recorder.dropped.get() < more + 1 - recorder.rows.size()) {
        Thread.onSpinWait();
      }
    }
    ring.close();
  }

  @Test
  void events_throwingListener_reachTheNextOne() throws Exception {
    ListenerRing ring = new ListenerRing();
    AtomicLong thrown = new AtomicLong();
    Recorder recorder = new Recorder();
    recorder.open.countDown();
    InferenceListener throwing =
        new InferenceListener() {
          @Override
          public void onRun(InferenceRun run) {
            thrown.incrementAndGet();
            throw new IllegalStateException("a listener's own problem");
          }
        };
    try (AutoCloseable first = ring.add(throwing);
        AutoCloseable second = ring.add(recorder)) {
      assertThat(first).isNotSameAs(second);
      ran(ring, 1);
      ran(ring, 2);
      end(ring);
      recorder.await(recorder.last);
      assertThat(recorder.rows).containsExactly(1, 2);
      assertThat(thrown).hasValue(2);
      assertThat(ring.failures()).isEqualTo(2);
    }
    ring.close();
  }

  /** Without the watch the second listener would never hear of the run. */
  @Test
  void events_listenerThatDoesNotReturn_isLeftAloneUntilItDoes() throws Exception {
    ListenerRing ring = new ListenerRing();
    Recorder stuck = new Recorder();
    Recorder other = new Recorder();
    other.open.countDown();
    try (AutoCloseable first = ring.add(stuck);
        AutoCloseable second = ring.add(other)) {
      assertThat(first).isNotSameAs(second);
      ran(ring, 1);
      stuck.await(stuck.entered);
      ran(ring, 2);
      end(ring);
      other.await(other.last);
      assertThat(other.rows).containsExactly(1, 2);
      assertThat(ring.failures()).isEqualTo(1);

      stuck.open.countDown();
      while (stuck.dropped.get() == 0) { // it is back, and is told what it missed
        Thread.onSpinWait();
      }
      assertThat(stuck.rows).containsExactly(1);
      assertThat(stuck.dropped.get()).isEqualTo(2);
      assertThat(ring.lost()).isEqualTo(2);
    }
    ring.close();
  }
}
