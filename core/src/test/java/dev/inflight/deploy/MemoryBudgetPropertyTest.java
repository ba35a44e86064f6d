package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.MemoryBudget.State;
import dev.inflight.deploy.MemoryPlan.Choice;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Random lives of versions against a model of what each must hold. */
class MemoryBudgetPropertyTest {
  private static final long LIMIT = 100;
  private static final long IDLE = 20;
  private static final int STEPS = 300;

  private final long seed = System.nanoTime();

  /** What the test knows of a version, from its own calls alone. */
  private static final class Known {
    final String deployment;
    final long need;
    final MemoryReservation reservation;
    final List<Known> victims;
    final LastUse use;
    long actual = -1;
    long lastUsed;
    State state = State.LOADING;
    boolean unloadable;
    boolean pinned;
    boolean claimed;
    boolean closed;

    Known(
        String deployment,
        long need,
        MemoryReservation reservation,
        List<Known> victims,
        LastUse use) {
      this.deployment = deployment;
      this.need = need;
      this.reservation = reservation;
      this.victims = victims;
      this.use = use;
    }

    boolean waits() {
      return victims.stream().anyMatch(victim -> !victim.closed);
    }

    boolean doomed() {
      return claimed || state == State.RETIRING;
    }
  }

  /** One history. */
  private static final class World {
    final AtomicLong clock = new AtomicLong();
    final MemoryBudget budget = new MemoryBudget(LIMIT, clock::get);
    final List<Known> open = new ArrayList<>();
    final Set<Choice> seen = new HashSet<>();
    final Random random;
    int refused;

    World(long seed) {
      random = new Random(seed);
    }

    void step() {
      clock.addAndGet(1 + random.nextInt(3));
      long before = budget.usage().used();
      long growth = 0;
      if (open.isEmpty() || random.nextInt(4) == 0) {
        plan();
      } else {
        growth = act(open.get(random.nextInt(open.size())));
      }
      check(Math.max(LIMIT, before + growth));
    }

    boolean evictable(Known one, String by) {
      return one.actual >= 0
          && !one.pinned
          && !one.doomed()
          && (one.state == State.RETAINED
              || (one.state == State.LIVE
                  && one.unloadable
                  && !one.deployment.equals(by)
                  && clock.get() - one.lastUsed >= IDLE));
    }

    boolean droppable(Known one, String by) {
      return one.state == State.LIVE && one.deployment.equals(by) && !one.pinned && !one.doomed();
    }

    void plan() {
      String deployment = "d" + random.nextInt(3);
      long need = random.nextInt(70);
      boolean mayDrop = random.nextBoolean();
      long free = LIMIT - budget.usage().used();
      List<Known> room = open.stream().filter(one -> evictable(one, deployment)).toList();
      List<Known> live = open.stream().filter(one -> droppable(one, deployment)).toList();
      long evictable = room.stream().mapToLong(one -> one.actual).sum();
      long droppable = mayDrop ? live.stream().mapToLong(one -> one.actual).sum() : 0;
      MemoryPlan plan = budget.plan(deployment, "v" + clock, need, mayDrop);
      if (plan instanceof MemoryPlan.Refused) {
        assertThat(free + evictable + droppable).as("refused %d", need).isLessThan(need);
        refused++;
        return;
      }
      MemoryPlan.Granted granted = (MemoryPlan.Granted) plan;
      Choice expected =
          free >= need
              ? Choice.KEEP_OLD
              : free + evictable >= need ? Choice.KEEP_OLD_AFTER_EVICTING : Choice.DROP_OLD_FIRST;
      assertThat(granted.choice()).isEqualTo(expected);
      seen.add(expected);
      List<Known> victims = new ArrayList<>();
      for (MemoryReservation victim : granted.reservation().victims()) {
        victims.add(
            open.stream().filter(one -> one.reservation == victim).findFirst().orElseThrow());
      }
      assertThat(room)
          .as("victims")
          .containsAll(
              victims.stream()
                  .filter(one -> expected != Choice.DROP_OLD_FIRST || !live.contains(one))
                  .toList());
      long gained = victims.stream().mapToLong(one -> one.actual).sum();
      if (expected != Choice.KEEP_OLD) {
        assertThat(free + gained).isGreaterThanOrEqualTo(need);
        victims.forEach(one -> assertThat(free + gained - one.actual).isLessThan(need));
      }
      victims.forEach(victim -> victim.claimed = true);
      open.add(
          new Known(deployment, need, granted.reservation(), victims, new LastUse(clock::get)));
      open.get(open.size() - 1).lastUsed = clock.get();
    }

    /** {@return by how much it was measured above its estimate} */
    long act(Known one) {
      switch (random.nextInt(8)) {
        case 0 -> {
          close(one);
        }
        case 1, 2 -> {
          if (one.actual < 0 && !one.waits()) {
            one.actual = Math.max(0, one.need + random.nextInt(13) - 8);
            one.reservation.settle(
                one.actual,
                () -> {
                  assertThat(one.doomed()).isTrue();
                  one.state = State.RETIRING;
                });
            return Math.max(0, one.actual - one.need);
          }
        }
        case 3 -> {
          if (one.actual >= 0) {
            boolean unloadable = random.nextBoolean();
            boolean may =
                unloadable
                    ? one.reservation.live(Duration.ofNanos(IDLE), one.use)
                    : one.reservation.live();
            become(one, may, State.LIVE, unloadable);
          }
        }
        case 4 -> {
          if (one.actual >= 0) {
            become(one, one.reservation.retained(), State.RETAINED, false);
          }
        }
        case 5 -> {
          one.reservation.evict();
        }
        case 6 -> {
          if (random.nextInt(3) == 0) {
            one.reservation.retiring();
            one.state = State.RETIRING;
          } else {
            if (one.unloadable && random.nextBoolean()) {
              one.use.touch();
            } else {
              one.reservation.touch();
            }
            one.lastUsed = clock.get();
          }
        }
        default -> {
          if (one.pinned || random.nextInt(3) > 0) {
            one.reservation.unpin();
            one.pinned = false;
          } else {
            one.pinned = one.reservation.pin();
            assertThat(one.pinned).isEqualTo(!one.doomed());
          }
        }
      }
      return 0;
    }

    void become(Known one, boolean may, State state, boolean unloadable) {
      assertThat(may).isEqualTo(!one.doomed());
      if (may) {
        one.state = state;
        one.unloadable = unloadable;
        one.lastUsed = clock.get();
      }
    }

    void close(Known one) {
      one.reservation.close();
      one.closed = true;
      one.victims.forEach(victim -> victim.claimed = false);
      open.remove(one);
    }

    void check(long bound) {
      MemoryBudget.Usage usage = budget.usage();
      assertThat(usage.used()).isLessThanOrEqualTo(bound);
      assertThat(usage.holders()).hasSameSizeAs(open);
      long sum = 0;
      for (int i = 0; i < open.size(); i++) {
        Known one = open.get(i);
        MemoryBudget.Holder holder = usage.holders().get(i);
        sum += holder.bytes();
        assertThat(holder.state()).isEqualTo(one.state);
        assertThat(holder.idle().toNanos()).isEqualTo(clock.get() - one.lastUsed);
        assertThat(one.reservation.granted().isDone()).isEqualTo(!one.waits());
        if (one.waits()) {
          assertThat(holder.bytes()).isBetween(0L, one.need);
        } else {
          assertThat(holder.bytes()).isEqualTo(one.actual < 0 ? one.need : one.actual);
        }
      }
      assertThat(usage.used()).isEqualTo(sum);
    }
  }

  @Test
  void histories_random_keepTheBoundLoseNothingAndRefuseOnlyWhatDoesNotFit() {
    System.out.println("memory budget: seed " + seed);
    PrintStream console = System.err;
    System.setErr(new PrintStream(OutputStream.nullOutputStream())); // thousands of warnings
    try {
      histories();
    } finally {
      System.setErr(console);
    }
  }

  private void histories() {
    Set<Choice> seen = new HashSet<>();
    int refused = 0;
    for (int history = 0; history < 300; history++) {
      World world = new World(seed + history);
      for (int i = 0; i < STEPS; i++) {
        try {
          world.step();
        } catch (AssertionError | RuntimeException e) {
          throw new AssertionError("seed " + (seed + history) + ", step " + i + ": " + e, e);
        }
      }
      List.copyOf(world.open).forEach(world::close);
      assertThat(world.budget.usage().used()).isZero();
      seen.addAll(world.seen);
      refused += world.refused;
    }
    assertThat(seen).containsExactlyInAnyOrder(Choice.values());
    assertThat(refused).isPositive();
  }
}
