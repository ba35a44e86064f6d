package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.deploy.MemoryBudget.State;
import dev.inflight.deploy.MemoryPlan.Choice;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who gets memory, and who goes for it. */
class MemoryBudgetTest {
  private final AtomicLong clock = new AtomicLong();
  private final List<String> unloads = new ArrayList<>();
  private final MemoryBudget budget = new MemoryBudget(1_000, clock::get);

  private MemoryReservation granted(String deployment, String version, long need, Choice choice) {
    MemoryPlan plan = budget.plan(deployment, version, need, choice == Choice.DROP_OLD_FIRST);
    assertThat(plan).isInstanceOf(MemoryPlan.Granted.class);
    assertThat(((MemoryPlan.Granted) plan).choice()).isEqualTo(choice);
    return ((MemoryPlan.Granted) plan).reservation();
  }

  private MemoryReservation loaded(String deployment, String version, long bytes) {
    MemoryReservation reservation = granted(deployment, version, bytes, Choice.KEEP_OLD);
    reservation.settle(bytes, () -> unloads.add(deployment + version));
    clock.incrementAndGet();
    return reservation;
  }

  private MemoryReservation live(String deployment, String version, long bytes) {
    MemoryReservation reservation = loaded(deployment, version, bytes);
    assertThat(reservation.live()).isTrue();
    return reservation;
  }

  private MemoryReservation retained(String deployment, String version, long bytes) {
    MemoryReservation reservation = loaded(deployment, version, bytes);
    assertThat(reservation.retained()).isTrue();
    return reservation;
  }

  private String refusal(String deployment, String version, long need, boolean mayDropLive) {
    MemoryPlan plan = budget.plan(deployment, version, need, mayDropLive);
    assertThat(plan).isInstanceOf(MemoryPlan.Refused.class);
    assertThat(((MemoryPlan.Refused) plan).retryable()).isEqualTo(need <= 1_000);
    return ((MemoryPlan.Refused) plan).reason();
  }

  @Test
  void plan_fitsBesideAll_keepsOldAndTakesItsBytes() {
    live("a", "1", 600);
    MemoryReservation next = granted("a", "2", 400, Choice.KEEP_OLD);
    assertThat(next.victims()).isEmpty();
    assertThat(next.granted()).isCompleted();
    assertThat(budget.usage().used()).isEqualTo(1_000);
    assertThat(refusal("b", "1", 1, false)).contains("got 0 B free");
    next.close();
    assertThat(budget.usage().used()).isEqualTo(600);
  }

  @Test
  void plan_needsRoom_evictsOwnRetainedThenOthersThenIdleLeastRecentlyUsedFirst() {
    MemoryReservation idle = live("b", "2", 100);
    LastUse use = new LastUse(clock::get);
    idle.live(Duration.ofNanos(50), use);
    MemoryReservation older = retained("b", "1", 100);
    MemoryReservation newer = retained("c", "1", 100);
    MemoryReservation own = retained("a", "1", 100);
    live("a", "2", 100);
    live("c", "2", 100);
    older.touch();
    newer.touch();
    clock.addAndGet(50);
    older.touch();
    use.touch();
    clock.addAndGet(49);
    MemoryReservation all = granted("a", "3", 700, Choice.KEEP_OLD_AFTER_EVICTING);
    assertThat(all.victims()).as("idle for 49 only").containsExactly(own, newer, older);
    all.close();
    clock.addAndGet(1);
    assertThat(granted("a", "3", 800, Choice.KEEP_OLD_AFTER_EVICTING).victims())
        .containsExactly(own, newer, older, idle);
  }

  @Test
  void plan_laterVictimIsEnough_sparesTheOneBeforeIt() {
    MemoryReservation small = retained("a", "1", 100);
    MemoryReservation large = retained("a", "2", 900);
    assertThat(granted("a", "3", 850, Choice.KEEP_OLD_AFTER_EVICTING).victims())
        .containsExactly(large);
    assertThat(small.live()).as("not claimed").isTrue();
  }

  @Test
  void plan_pinnedOrLoadingOrClaimed_areNotEvicted() {
    MemoryReservation pinned = retained("a", "1", 300);
    assertThat(pinned.pin()).isTrue();
    loaded("b", "1", 300); // checks are not done
    MemoryReservation claimed = retained("c", "1", 400);
    granted("c", "2", 400, Choice.KEEP_OLD_AFTER_EVICTING);
    assertThat(claimed.pin()).isFalse();
    assertThat(claimed.live()).as("rollback to a version that must go").isFalse();
    assertThat(refusal("a", "2", 300, true))
        .contains("a v1 RETAINED 300 B pinned", "c v1 RETAINED 400 B claimed by c v2");
    pinned.unpin();
    granted("a", "2", 300, Choice.KEEP_OLD_AFTER_EVICTING);
  }

  @Test
  void granted_victimsClose_completesAndBytesPassToTheClaimantOnly() {
    MemoryReservation first = retained("b", "1", 500);
    MemoryReservation second = retained("c", "1", 400);
    MemoryReservation next = granted("a", "1", 900, Choice.KEEP_OLD_AFTER_EVICTING);
    assertThatThrownBy(() -> next.settle(1, () -> {})).hasMessageContaining("waits for 2 to close");
    next.evict();
    next.evict();
    assertThat(unloads).containsExactly("b1", "c1");
    assertThat(budget.usage().unreleased()).isEqualTo(900);
    first.close();
    first.close();
    assertThat(next.granted()).isNotDone();
    assertThat(refusal("d", "1", 101, false)).contains("got 0 B free", "released=400 B");
    second.close();
    assertThat(next.granted()).isCompleted();
    assertThat(budget.usage().used()).isEqualTo(900);
    assertThat(budget.usage().holders())
        .containsExactly(new MemoryBudget.Holder("a", "1", 900, State.LOADING, Duration.ZERO));
    assertThat(next.victims()).containsExactly(first, second);
    next.close();
    assertThat(next.victims()).as("nothing keeps those before it").isEmpty();
  }

  @Test
  void close_beforeVictimsWereEvicted_leavesThemAsTheyWere() {
    MemoryReservation retained = retained("b", "1", 1_000);
    MemoryReservation next = granted("a", "1", 900, Choice.KEEP_OLD_AFTER_EVICTING);
    next.close();
    next.evict();
    assertThat(unloads).isEmpty();
    assertThat(next.granted()).isCancelled();
    assertThat(retained.live()).isTrue();
  }

  @Test
  void close_whileVictimsClose_frees() {
    MemoryReservation retained = retained("b", "1", 1_000);
    MemoryReservation next = granted("a", "1", 900, Choice.KEEP_OLD_AFTER_EVICTING);
    next.evict();
    next.close();
    assertThat(retained.live()).isFalse();
    assertThat(budget.usage().used()).isEqualTo(1_000);
    retained.close();
    assertThat(budget.usage().used()).isZero();
  }

  @Test
  void evict_victimThrows_leavesThoseAfterItUntouched() {
    MemoryReservation bad = granted("b", "1", 500, Choice.KEEP_OLD);
    bad.settle(
        500,
        () -> {
          throw new IllegalStateException("broken");
        });
    bad.retained();
    clock.incrementAndGet();
    MemoryReservation good = retained("c", "1", 500);
    MemoryReservation next = granted("a", "1", 1_000, Choice.KEEP_OLD_AFTER_EVICTING);
    assertThatThrownBy(next::evict).hasMessage("broken");
    next.close();
    assertThat(good.live()).isTrue();
    assertThat(budget.usage().unreleased()).as("visible").isEqualTo(500);
  }

  @Test
  void plan_largerThanRoomBesideLive_dropsItOnlyIfAllowed() {
    MemoryReservation live = live("a", "1", 600);
    MemoryReservation other = retained("b", "1", 300);
    assertThat(refusal("a", "2", 800, false)).contains("evictable=300 B");
    assertThat(granted("a", "2", 700, Choice.DROP_OLD_FIRST).victims()).containsExactly(live);
    assertThat(refusal("a", "3", 800, true)).contains("a v1 LIVE 600 B claimed by a v2");
    assertThat(other.live()).isTrue();
  }

  @Test
  void plan_allowedToDropButNeedNot_keepsOld() {
    live("a", "1", 600);
    MemoryReservation other = retained("b", "1", 300);
    MemoryPlan plan = budget.plan("a", "2", 400, true);
    assertThat(plan)
        .isInstanceOfSatisfying(
            MemoryPlan.Granted.class,
            granted -> {
              assertThat(granted.choice()).isEqualTo(Choice.KEEP_OLD_AFTER_EVICTING);
              assertThat(granted.reservation().victims()).containsExactly(other);
            });
  }

  @Test
  void plan_tooLarge_isRefusedWithEveryFigure() {
    live("a", "1", 500);
    retained("a", "0", 200);
    MemoryReservation retiring = live("b", "7", 100);
    retiring.retiring();
    granted("c", "1", 50, Choice.KEEP_OLD);
    assertThat(refusal("a", "2", 600, false))
        .isEqualTo(
            "memory of a v2: expected 600 B within the limit, got 150 B free (limit=1000 B, "
                + "used=850 B, evictable=200 B, retired but not released=100 B, held: "
                + "a v1 LIVE 500 B, a v0 RETAINED 200 B, b v7 RETIRING 100 B, "
                + "c v1 LOADING 50 B estimated)");
    assertThat(refusal("a", "2", Long.MAX_VALUE, true)).contains("8796093022208.0 MiB within");
    assertThat(unloads).isEmpty();
    assertThat(budget.usage().used()).as("untouched").isEqualTo(850);
  }

  @Test
  void settle_aboveTheEstimate_warnsOnceAndLaterPlansSeeIt() {
    PrintStream console = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    MemoryReservation first = granted("a", "1", 400, Choice.KEEP_OLD);
    MemoryReservation second = granted("b", "1", 600, Choice.KEEP_OLD);
    System.setErr(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      first.settle(700, () -> {});
      second.settle(800, () -> {});
    } finally {
      System.setErr(console);
    }
    assertThat(out.toString(StandardCharsets.UTF_8))
        .containsOnlyOnce("over the limit")
        .contains("WARN", "a v1: expected 400 B, got 700 B", "limit=1000 B, used=1300 B");
    assertThat(refusal("c", "1", 0, false)).contains("got -500 B free");
    second.retained();
    MemoryReservation next = granted("c", "1", 300, Choice.KEEP_OLD_AFTER_EVICTING);
    second.close();
    assertThat(next.granted()).isCompleted();
    assertThat(budget.usage().used()).isEqualTo(1_000);
  }

  @Test
  void settle_belowTheEstimate_freesTheRest() {
    granted("a", "1", 900, Choice.KEEP_OLD).settle(100, () -> {});
    assertThat(budget.usage().used()).isEqualTo(100);
    granted("a", "2", 900, Choice.KEEP_OLD);
  }

  @Test
  void retiring_untilClosed_stillCounts() {
    MemoryReservation old = live("a", "1", 600);
    old.retiring();
    assertThat(old.retained()).isFalse();
    assertThat(refusal("a", "2", 600, true)).contains("retired but not released=600 B");
    old.close();
    granted("a", "2", 600, Choice.KEEP_OLD);
  }

  @Test
  void settleAndStates_outOfOrder_areRefused() {
    MemoryReservation one = granted("a", "1", 10, Choice.KEEP_OLD);
    assertThatThrownBy(one::live).hasMessageContaining("before LIVE, got LOADING");
    assertThatThrownBy(() -> one.settle(-1, () -> {})).hasMessageContaining("got -1");
    one.settle(10, () -> {});
    assertThatThrownBy(() -> one.settle(10, () -> {})).hasMessageContaining("a v1 LOADING 10 B");
    one.close();
    assertThat(one.live()).isFalse();
    MemoryReservation two = granted("a", "2", 10, Choice.KEEP_OLD);
    two.close();
    assertThatThrownBy(() -> two.settle(10, () -> {})).hasMessageContaining("closed");
    assertThat(budget.usage().holders()).isEmpty();
    assertThatThrownBy(() -> budget.plan("a", "1", -1, true)).hasMessageContaining("got -1");
  }

  @Test
  void usage_touched_showsTimeSinceLastUse() {
    MemoryReservation one = live("a", "1", 10);
    clock.addAndGet(5);
    assertThat(budget.usage().holders().get(0).idle()).isEqualTo(Duration.ofNanos(5));
    one.touch();
    assertThat(budget.usage().holders())
        .containsExactly(new MemoryBudget.Holder("a", "1", 10, State.LIVE, Duration.ZERO));
  }

  @Test
  void unlimited_anyNeed_isGranted() {
    MemoryBudget unlimited = MemoryBudget.unlimited();
    for (int i = 0; i < 3; i++) {
      assertThat(unlimited.plan("a", "1", 1L << 60, false)).isInstanceOf(MemoryPlan.Granted.class);
    }
    assertThat(unlimited.usage().used()).isEqualTo(3L << 60);
  }
}
