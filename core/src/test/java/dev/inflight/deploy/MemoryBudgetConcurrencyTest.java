package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Deployments that want the same memory at once, and a mutant that they catch. */
@Timeout(60)
class MemoryBudgetConcurrencyTest {
  private static final long LIMIT = 1_000;
  private static final int THREADS = 4;
  private static final int LOADS = 4_000;

  /** How a deployment asks; the mutant asks in two steps. */
  private interface Planner {
    MemoryPlan plan(String deployment, String version, long need);
  }

  /** Looks first and takes after; the barrier makes sure that two look before one takes. */
  private static Planner looksThenTakes(MemoryBudget unlimited, CyclicBarrier looked) {
    return (deployment, version, need) -> {
      long used = unlimited.usage().used();
      try {
        looked.await(30, TimeUnit.SECONDS);
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      return used + need > LIMIT
          ? new MemoryPlan.Refused("full", true)
          : unlimited.plan(deployment, version, need, false);
    };
  }

  /** Memory as the process has it. */
  private static final class Machine {
    final AtomicLong resident = new AtomicLong();
    final AtomicLong peak = new AtomicLong();
    final AtomicInteger evictions = new AtomicInteger();
    final AtomicInteger loads = new AtomicInteger();

    void load(long bytes) {
      peak.accumulateAndGet(resident.addAndGet(bytes), Math::max);
      loads.incrementAndGet();
    }

    void free(MemoryReservation reservation, long bytes) {
      resident.addAndGet(-bytes);
      reservation.close();
    }
  }

  /** One deployment: loads, retains the version before, rolls back now and then. */
  private static void live(Planner planner, Machine machine, ExecutorService closers, String name)
      throws Exception {
    SplittableRandom random = new SplittableRandom(name.hashCode());
    for (int i = 0; i < LOADS; i++) {
      long need = 50L + random.nextInt(400);
      if (planner.plan(name, "v" + i, need) instanceof MemoryPlan.Granted granted) {
        MemoryReservation reservation = granted.reservation();
        reservation.evict();
        reservation.granted().get(30, TimeUnit.SECONDS);
        machine.load(need);
        reservation.settle(
            need,
            () -> {
              machine.evictions.incrementAndGet();
              closers.execute(() -> machine.free(reservation, need));
            });
        boolean mine = reservation.live() && random.nextInt(8) > 0 && reservation.retained();
        if (!mine && reservation.pin()) {
          // nobody else will: ours to close
          reservation.retiring();
          closers.execute(() -> machine.free(reservation, need));
        }
      }
    }
  }

  private static Machine run(MemoryBudget budget, Planner planner) throws Exception {
    Machine machine = new Machine();
    ExecutorService closers = Executors.newFixedThreadPool(2);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      CyclicBarrier start = new CyclicBarrier(THREADS);
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        String name = "d" + i;
        all.add(
            threads.submit(
                () -> {
                  start.await();
                  live(planner, machine, closers, name);
                  return null;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
      closers.shutdown();
      assertThat(closers.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      assertThat(budget.usage().used()).as("nothing lost").isEqualTo(machine.resident.get());
      return machine;
    } finally {
      threads.shutdownNow();
      closers.shutdownNow();
    }
  }

  @Test
  void loads_ofManyDeploymentsThatEvictEachOther_neverPassTheLimitNorHang() throws Exception {
    MemoryBudget budget = MemoryBudget.of(LIMIT);
    Machine machine = run(budget, (name, version, need) -> budget.plan(name, version, need, true));
    System.out.printf(
        "memory budget: %d loads, %d evictions, peak %d of %d%n",
        machine.loads.get(), machine.evictions.get(), machine.peak.get(), LIMIT);
    assertThat(machine.peak.get()).isLessThanOrEqualTo(LIMIT);
    assertThat(machine.evictions.get()).isGreaterThan(100);
    assertThat(machine.loads.get()).isGreaterThan(100);
  }

  /** Two ask at once for what only one can have; {@return how many were granted it} */
  private static long bothAskAtOnce(Planner planner, ExecutorService threads) throws Exception {
    CyclicBarrier start = new CyclicBarrier(2);
    List<Future<MemoryPlan>> both = new ArrayList<>();
    for (String name : List.of("a", "b")) {
      both.add(
          threads.submit(
              () -> {
                start.await();
                return planner.plan(name, "1", 600);
              }));
    }
    long granted = 0;
    for (Future<MemoryPlan> one : both) {
      granted += one.get() instanceof MemoryPlan.Granted ? 1 : 0;
    }
    return granted;
  }

  @Test
  void plans_atOnce_areGrantedToOneAndLookedThenTookIsCaught() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 2_000; round++) {
        MemoryBudget budget = MemoryBudget.of(LIMIT);
        Planner sound = (name, version, need) -> budget.plan(name, version, need, false);
        assertThat(bothAskAtOnce(sound, threads)).isOne();
      }
      Planner mutant = looksThenTakes(MemoryBudget.unlimited(), new CyclicBarrier(2));
      assertThat(bothAskAtOnce(mutant, threads)).isEqualTo(2);
    } finally {
      threads.shutdownNow();
    }
  }

  /** Each wants the memory that the other retains, and neither waits for the other to begin. */
  @Test
  void plans_eachNeedsWhatTheOtherRetains_bothGetIt() throws Exception {
    MemoryBudget budget = MemoryBudget.of(LIMIT);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < 2_000; round++) {
        retain(budget, "a");
        retain(budget, "b");
        CyclicBarrier start = new CyclicBarrier(2);
        List<Future<Boolean>> both = new ArrayList<>();
        for (String name : List.of("c", "d")) {
          both.add(
              threads.submit(
                  () -> {
                    start.await();
                    MemoryPlan plan = budget.plan(name, "2", 500, false);
                    MemoryReservation next = ((MemoryPlan.Granted) plan).reservation();
                    next.evict();
                    next.granted().get(30, TimeUnit.SECONDS);
                    next.close();
                    return true;
                  }));
        }
        for (Future<Boolean> one : both) {
          assertThat(one.get()).isTrue();
        }
        assertThat(budget.usage().used()).isLessThanOrEqualTo(LIMIT);
        assertThat(budget.usage().holders()).hasSizeLessThanOrEqualTo(1);
        drain(budget);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static void retain(MemoryBudget budget, String name) {
    MemoryReservation one = ((MemoryPlan.Granted) budget.plan(name, "1", 500, false)).reservation();
    one.settle(500, one::close);
    one.retained();
  }

  private static void drain(MemoryBudget budget) {
    MemoryReservation all =
        ((MemoryPlan.Granted) budget.plan("e", "1", LIMIT, false)).reservation();
    all.evict();
    all.close();
    assertThat(budget.usage().used()).isZero();
  }
}
