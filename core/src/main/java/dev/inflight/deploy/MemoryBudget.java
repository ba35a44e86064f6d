package dev.inflight.deploy;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much memory outside the Java heap the versions of all deployments that share it may hold, and
 * who holds it. A version's bytes are taken before it is loaded, corrected to what it was measured
 * to need, and given back when its close has finished, not when it stops serving. It plans; it
 * cannot stop native code from taking more. Any thread.
 */
public final class MemoryBudget {
  /*
   * Design. One lock guards the sum, the set of holders and the fields of every reservation; nothing foreign runs under it.
   * A plan that fits only after evictions takes what is free now and claims its victims: no other plan sees them as
   * evictable, and what they give back goes to their claimant and never through the free bytes, where a third could take
   * it. So the sum never passes the limit, and a claimant waits only for versions that are loaded already, whose close
   * waits for no reservation: no cycle. (Charging what is still unloading is ModelMesh's unload buffer.)
   */
  private static final Logger log = LoggerFactory.getLogger(MemoryBudget.class);

  final Object lock = new Object();
  private final long limit;
  private final LongSupplier nanos;
  private final LongSupplier coarse;
  private final FootprintMeter meter;
  private final Set<MemoryReservation> holders = new LinkedHashSet<>();
  private long used;

  /** With one clock for everything, and no figures but the models' own. */
  MemoryBudget(long limit, LongSupplier nanos) {
    this(limit, nanos, nanos, FootprintMeter.NONE);
  }

  private MemoryBudget(long limit, LongSupplier nanos, LongSupplier coarse, FootprintMeter meter) {
    this.meter = meter;
    this.limit = limit;
    this.nanos = nanos;
    this.coarse = coarse;
  }

  /**
   * {@return a budget of so many bytes}
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public static MemoryBudget of(long bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("memory budget: expected positive bytes, got " + bytes);
    }
    return new MemoryBudget(bytes, System::nanoTime, CoarseClock.SHARED, FootprintMeter.PROCESS);
  }

  /**
   * {@return a budget of what a share of the container's memory leaves beside the largest Java
   * heap} The container's memory is the least limit of the process's control groups (cgroup v2 or
   * v1), or that of the machine where none is less. What the share leaves out is for threads, code,
   * buffers and page cache.
   *
   * @param share more than 0, at most 1
   * @throws IllegalArgumentException if the share is not in its range
   * @throws IllegalStateException if the heap leaves nothing; lower {@code -Xmx}
   */
  public static MemoryBudget ofContainer(double share) {
    long machine =
        ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class)
            .getTotalMemorySize();
    MemoryLimit cgroup = new MemoryLimit(Path.of("/sys/fs/cgroup"), Path.of("/proc/self/cgroup"));
    long memory = Math.min(machine, cgroup.bytes().orElse(machine));
    return of(MemoryLimit.besideHeap(share, memory, Runtime.getRuntime().maxMemory()));
  }

  /** {@return a budget that refuses nothing and still shows who holds what} */
  public static MemoryBudget unlimited() {
    return of(Long.MAX_VALUE);
  }

  /** {@return who holds what now} */
  public Usage usage() {
    long now = nanos.getAsLong();
    synchronized (lock) {
      return new Usage(limit, used, holders.stream().map(one -> one.holder(now)).toList());
    }
  }

  /** Where the version that holds memory stands. */
  public enum State {
    /** Its bytes are an estimate until it is loaded, or it is loaded and does not serve yet. */
    LOADING,
    /** Serves. */
    LIVE,
    /** Served and could again; makes room first. */
    RETAINED,
    /** Will not serve again; its close has not finished. */
    RETIRING
  }

  /**
   * One version's memory.
   *
   * @param deployment whose
   * @param version as the repository calls it
   * @param bytes outside the Java heap: so far reserved, or measured
   * @param state where it stands
   * @param idle time since its last use, in the steps in which its deployment tells of use
   */
  public record Holder(String deployment, String version, long bytes, State state, Duration idle) {}

  /**
   * A budget at one moment.
   *
   * @param limit in bytes
   * @param used the sum of all holders; above the limit only where versions were measured to need
   *     more than was estimated
   * @param holders the longest known first
   */
  public record Usage(long limit, long used, List<Holder> holders) {
    /** Copies the list. */
    public Usage {
      holders = List.copyOf(holders);
    }

    /** {@return bytes of versions that are retired and whose close has not finished} */
    public long unreleased() {
      return holders.stream()
          .filter(holder -> holder.state() == State.RETIRING)
          .mapToLong(Holder::bytes)
          .sum();
    }
  }

  /**
   * Decides how a version can be loaded, and reserves its bytes in the same step. Touches nothing
   * if it is refused.
   *
   * @param need bytes; see {@link Footprint#estimate}
   * @param mayDropLive whether calls may fail while it loads, if it does not fit beside the live
   *     version of its own deployment
   */
  MemoryPlan plan(String deployment, String version, long need, boolean mayDropLive) {
    Objects.requireNonNull(deployment, "deployment");
    Objects.requireNonNull(version, "version");
    if (need < 0) {
      throw new IllegalArgumentException(
          "memory of " + deployment + " v" + version + ": expected at least 0 B, got " + need);
    }
    long now = nanos.getAsLong();
    synchronized (lock) {
      long missing = need > limit ? need : need - limit + used;
      if (missing <= 0) {
        return grant(MemoryPlan.Choice.KEEP_OLD, deployment, version, need, List.of());
      }
      List<MemoryReservation> room = evictable(deployment, now);
      Optional<List<MemoryReservation>> victims = fewest(room, missing);
      MemoryPlan.Choice choice = MemoryPlan.Choice.KEEP_OLD_AFTER_EVICTING;
      if (victims.isEmpty() && mayDropLive) {
        room = Stream.concat(droppable(deployment, now), room.stream()).toList();
        victims = fewest(room, missing);
        choice = MemoryPlan.Choice.DROP_OLD_FIRST;
      }
      return victims.isPresent() && need <= limit
          ? grant(choice, deployment, version, need, victims.get())
          : new MemoryPlan.Refused(
              refusal(deployment + " v" + version, need, sum(room)), need <= limit);
    }
  }

  private MemoryPlan grant(
      MemoryPlan.Choice choice,
      String deployment,
      String version,
      long need,
      List<MemoryReservation> victims) {
    long free = Math.max(0, limit - used);
    MemoryReservation reservation =
        new MemoryReservation(this, deployment, version, need, Math.min(need, free), victims);
    holders.add(reservation);
    used += Math.min(need, free);
    return new MemoryPlan.Granted(choice, reservation);
  }

  /** In the order in which they go: own retained ones, others' retained ones, others' idle ones. */
  private List<MemoryReservation> evictable(String deployment, long now) {
    return holders.stream()
        .filter(one -> one.evictableBy(deployment, now))
        .sorted(
            Comparator.<MemoryReservation>comparingInt(one -> one.reluctance(deployment))
                .thenComparing(one -> one.idleNanos(now), Comparator.reverseOrder()))
        .toList();
  }

  private Stream<MemoryReservation> droppable(String deployment, long now) {
    return holders.stream()
        .filter(one -> one.droppableBy(deployment))
        .sorted(Comparator.comparing(one -> one.idleNanos(now), Comparator.reverseOrder()));
  }

  /** The first that are enough, less those that the later ones among them make unnecessary. */
  private static Optional<List<MemoryReservation>> fewest(
      List<MemoryReservation> ordered, long missing) {
    List<MemoryReservation> chosen = new ArrayList<>();
    long surplus = -missing;
    for (MemoryReservation one : ordered) {
      if (surplus >= 0) {
        break;
      }
      chosen.add(one);
      surplus += one.bytes();
    }
    if (surplus < 0) {
      return Optional.empty();
    }
    for (int i = chosen.size() - 1; i >= 0; i--) {
      if (chosen.get(i).bytes() <= surplus) {
        surplus -= chosen.remove(i).bytes();
      }
    }
    return Optional.of(chosen);
  }

  private static long sum(List<MemoryReservation> some) {
    return some.stream().mapToLong(MemoryReservation::bytes).sum();
  }

  private String refusal(String label, long need, long room) {
    long unreleased = sum(holders.stream().filter(one -> one.state() == State.RETIRING).toList());
    return "memory of "
        + label
        + ": expected "
        + size(need)
        + " within the limit, got "
        + size(limit - used)
        + " free (limit="
        + size(limit)
        + ", used="
        + size(used)
        + ", evictable="
        + size(room)
        + ", retired but not released="
        + size(unreleased)
        + ", held: "
        + holders.stream().map(MemoryReservation::toString).collect(Collectors.joining(", "))
        + ")";
  }

  /** Under the lock: a holder's bytes change; {@return whether the limit was passed just now}. */
  boolean charge(long difference) {
    boolean before = used > limit;
    used += difference;
    return used > limit && !before;
  }

  /** Under the lock. */
  void remove(MemoryReservation reservation) {
    holders.remove(reservation);
  }

  /** Not under the lock. */
  void warnOfExcess(String label, long expected, long actual, long usedThen) {
    log.warn(
        "memory of {}: expected {}, got {}: over the limit (limit={}, used={})",
        label,
        size(expected),
        size(actual),
        size(limit),
        size(usedThen));
  }

  long usedNow() {
    return used;
  }

  long now() {
    return nanos.getAsLong();
  }

  /** Says what a load has taken. */
  FootprintMeter meter() {
    return meter;
  }

  /** For what is stamped by every call. */
  LastUse lastUse() {
    return new LastUse(coarse);
  }

  /** Bytes as a reader of a log wants them. */
  static String size(long bytes) {
    long mebi = 1 << 20;
    return Math.abs(bytes) < mebi
        ? bytes + " B"
        : String.format(Locale.ROOT, "%.1f MiB", bytes / (double) mebi);
  }
}
