package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Labels that come when they like. */
@Timeout(60)
class LabelsTest {
  private final AtomicLong now = new AtomicLong();
  private final List<String> mature = new ArrayList<>();

  private Labels<String> labels(int capacity) {
    return new Labels<>(capacity, 100, now::get);
  }

  private void mature(Labels<String> labels) {
    labels.mature((live, candidate) -> mature.add((live ? "L" : "-") + (candidate ? "C" : "-")));
  }

  @Test
  void mature_earlyLateAndOutOfOrder_countsInOrderOfStart() {
    Labels<String> labels = labels(10);
    for (int id = 0; id < 4; id++) {
      now.set(id);
      labels.start(id);
    }
    assertThat(labels.label(2, "cat")).as("before the answers").isTrue();
    labels.answered(2, "cat", "dog");
    labels.answered(0, "dog", "cat");
    labels.answered(1, "cat", "cat");
    labels.answered(3, "cat", "cat");
    assertThat(labels.label(0, "cat")).isTrue();
    assertThat(labels.label(0, "dog")).as("again").isFalse();
    assertThat(labels.label(77, "cat")).as("unknown").isFalse();
    now.set(100);
    mature(labels);
    assertThat(mature).as("all are too young").isEmpty();
    assertThat(labels.label(1, "dog")).isTrue();
    now.set(103);
    mature(labels);
    assertThat(mature).containsExactly("L-", "LC", "-C");
    now.set(104);
    assertThat(labels.label(3, "cat")).as("mature, though nobody looked yet").isFalse();
    mature(labels);
    assertThat(mature).hasSize(3);
    Labels.Coverage coverage = labels.coverage();
    assertThat(coverage).isEqualTo(new Labels.Coverage(0, 3, 1, 0, 2, 1, 34));
    assertThat(coverage.share()).isEqualTo(.75);
  }

  @Test
  void start_ringFull_evictsTheOldestEvenIfLabelled() {
    Labels<String> labels = labels(2);
    for (int id = 0; id < 3; id++) {
      labels.start(id);
      labels.answered(id, "a", "a");
      labels.label(id, "a");
    }
    now.set(101);
    mature(labels);
    assertThat(mature).hasSize(2);
    assertThat(labels.coverage().evicted()).isOne();
    assertThat(labels.label(0, "a")).isFalse();
  }

  @Test
  void mature_withoutAnswers_isMissing() {
    Labels<String> labels = labels(2);
    labels.start(1);
    labels.label(1, "a");
    now.set(101);
    mature(labels);
    assertThat(mature).isEmpty();
    assertThat(labels.coverage().missing()).isOne();
    labels.start(2);
    assertThatThrownBy(() -> labels.start(2)).hasMessageContaining("got 2 again");
  }

  /**
   * Labels of the live version's mistakes come at once, all others late; the candidate is worse by
   * just what must be excluded.
   */
  @Test
  void promotion_countedOnArrival_isAlwaysWrongAndByMaturityIsNot() {
    int runs = 200;
    Evidence promote =
        Score.difference(Signal.CORRECTNESS, new Margin(0, .01)).promote().orElseThrow();
    int arrival = 0;
    int maturity = 0;
    for (int run = 0; run < runs; run++) {
      boolean[] promoted = promoted(promote, new SplittableRandom(run));
      arrival += promoted[0] ? 1 : 0;
      maturity += promoted[1] ? 1 : 0;
    }
    System.out.printf(
        "labels, seeds 0 to %d: promoted wrongly %d on arrival, %d by maturity%n",
        runs - 1, arrival, maturity);
    assertThat(arrival).isGreaterThan(9 * runs / 10);
    assertThat(maturity / (double) runs).isLessThan(.05 + 3 * Math.sqrt(.05 * .95 / runs));
  }

  private boolean[] promoted(Evidence promote, SplittableRandom random) {
    int requests = 15_000;
    int[] outcomes = new int[requests];
    int[] next = new int[requests];
    int[] arriving = new int[2 * requests]; // by time, a list of requests
    Arrays.fill(arriving, -1);
    Labels<Boolean> labels = new Labels<>(8_000, 5_000, now::get);
    long[] onArrival = new long[3];
    long[] byMaturity = new long[3];
    boolean[] promoted = new boolean[2];
    for (int i = 0; i < requests; i++) {
      now.set(i);
      double dice = random.nextDouble();
      outcomes[i] = dice < .045 ? 1 : dice < .08 ? 2 : 0;
      int delay = 1 + (outcomes[i] == 2 ? random.nextInt(100) : 2_000 + random.nextInt(2_000));
      next[i] = arriving[i + delay];
      arriving[i + delay] = i;
      labels.start(i);
      labels.answered(i, outcomes[i] != 2, outcomes[i] != 1);
      for (int id = arriving[i]; id >= 0; id = next[id]) {
        onArrival[outcomes[id]]++;
        promoted[0] |= promote.crosses(Math.log(20), onArrival);
        labels.label(id, true);
      }
      labels.mature(
          (live, candidate) -> {
            byMaturity[candidate == live ? 0 : candidate ? 1 : 2]++;
            promoted[1] |= promote.crosses(Math.log(20), byMaturity);
          });
    }
    return promoted;
  }
}
