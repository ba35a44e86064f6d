package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.CanaryOptions.Margin;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Counting by start, under a fake clock. */
@Timeout(60)
class EpochsTest {
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong now = new AtomicLong();
  private final List<String> handed = new ArrayList<>();

  private Epochs epochs(int open) {
    return new Epochs(2, open, SECOND, now::get);
  }

  private void collect(Epochs epochs) {
    epochs.collect((epoch, counts) -> handed.add(epoch + Arrays.toString(counts)));
  }

  private static Epochs.Finding outcome(int index) {
    return counters -> counters.add(index, 1);
  }

  @Test
  void collect_laterEpochCompleteFirst_waitsForTheEarlier() {
    Epochs epochs = epochs(4);
    long first = epochs.start();
    for (int i = 1; i < 2 * Epochs.PAIRS; i++) {
      assertThat(epochs.finish(epochs.start(), outcome(0))).isTrue();
    }
    collect(epochs);
    assertThat(handed).isEmpty();
    assertThat(epochs.finish(first, outcome(1))).isTrue();
    assertThat(epochs.finish(first, outcome(1))).as("twice").isFalse();
    collect(epochs);
    assertThat(handed).containsExactly("0[63, 1]", "1[64, 0]");
  }

  @Test
  void start_ringFull_refusesBeforeThePairRuns() {
    Epochs epochs = epochs(1);
    long[] tickets = new long[Epochs.PAIRS];
    Arrays.setAll(tickets, i -> epochs.start());
    assertThat(epochs.start()).isEqualTo(Epochs.REFUSED);
    assertThat(epochs.refused()).isOne();
    for (long ticket : tickets) {
      epochs.finish(ticket, outcome(0));
    }
    collect(epochs);
    assertThat(epochs.start()).isEqualTo(Epochs.PAIRS);
    assertThat(epochs.finish(tickets[0], outcome(1))).as("of an epoch long gone").isFalse();
  }

  @Test
  void tick_fewPairs_closesTheEpochAfterATenthOfASecond() {
    Epochs epochs = epochs(2);
    epochs.finish(epochs.start(), outcome(0));
    now.set(SECOND / 10 - 1);
    epochs.tick(ticket -> Epochs.Finding.DROPPED);
    collect(epochs);
    assertThat(handed).isEmpty();
    now.set(SECOND / 10);
    epochs.tick(ticket -> Epochs.Finding.DROPPED);
    collect(epochs);
    assertThat(handed).containsExactly("0[1, 0]");
    now.set(SECOND);
    epochs.tick(ticket -> Epochs.Finding.DROPPED);
    assertThat(epochs.start()).as("an epoch without pairs is not closed").isEqualTo(Epochs.PAIRS);
  }

  @Test
  void tick_stuckPair_countsAsTheCallerSaysAndNeverAgain() {
    Epochs epochs = epochs(2);
    long fine = epochs.start();
    long stuck = epochs.start();
    long dropped = epochs.start();
    epochs.finish(fine, outcome(0));
    now.set(2 * SECOND);
    epochs.tick(ticket -> ticket == stuck ? outcome(1) : Epochs.Finding.DROPPED);
    collect(epochs);
    assertThat(handed).containsExactly("0[1, 1]");
    assertThat(epochs.expired()).isEqualTo(2);
    assertThat(epochs.finish(stuck, outcome(0))).isFalse();
    assertThat(epochs.finish(dropped, outcome(0))).isFalse();
  }

  /** Runs promoted of a candidate that is exactly as slow as it may be: at finish, and by epoch. */
  private static double[] falsePromotions(double noise, int runs) {
    Evidence promote = Score.sign(new Margin(.1, .1)).promote().orElseThrow();
    double threshold = Math.log(20);
    int[] promoted = new int[2];
    for (int run = 0; run < runs; run++) {
      boolean[] once = inFlight(promote, threshold, noise, new java.util.Random(run));
      promoted[0] += once[0] ? 1 : 0;
      promoted[1] += once[1] ? 1 : 0;
    }
    return new double[] {promoted[0] / (double) runs, promoted[1] / (double) runs};
  }

  private record Flight(double end, long ticket, boolean slow) {}

  private static boolean[] inFlight(
      Evidence promote, double threshold, double noise, java.util.Random random) {
    Epochs epochs = new Epochs(2, 64, SECOND, () -> 0);
    PriorityQueue<Flight> flying = new PriorityQueue<>((a, b) -> Double.compare(a.end(), b.end()));
    boolean[] promoted = new boolean[2];
    long[] atFinish = new long[2];
    long[] byEpoch = new long[2];
    double now = 0;
    for (int pair = 0; pair < 3_000; pair++) {
      if (flying.size() == 64) {
        Flight done = flying.remove();
        now = done.end();
        int outcome = done.slow() ? 1 : 0;
        atFinish[outcome]++;
        promoted[0] |= promote.crosses(threshold, atFinish);
        epochs.finish(done.ticket(), outcome(outcome));
        epochs.collect(
            (epoch, counts) -> {
              Arrays.setAll(byEpoch, i -> byEpoch[i] + counts[i]);
              promoted[1] |= promote.crosses(threshold, byEpoch);
            });
      }
      double ratio = Math.exp(noise * random.nextGaussian());
      double live = Math.exp(random.nextGaussian()); // requests are not equally hard
      flying.add(new Flight(now + 1.1 * ratio * live, epochs.start(), ratio > 1));
    }
    return promoted;
  }

  @Test
  void promotion_countedAtFinish_isBiasedAndByEpochIsNot() {
    int runs = 600;
    for (double noise : new double[] {.3, 1}) {
      double[] share = falsePromotions(noise, runs);
      System.out.printf(
          "64 in flight, seeds 0 to %d, noise %.1f: promoted wrongly %.3f at finish, %.3f by epoch%n",
          runs - 1, noise, share[0], share[1]);
      double limit = .05 + 3 * Math.sqrt(.05 * .95 / runs);
      if (noise == 1) {
        assertThat(share[0]).isGreaterThan(limit);
      }
      assertThat(share[1]).isLessThanOrEqualTo(limit);
    }
  }
}
