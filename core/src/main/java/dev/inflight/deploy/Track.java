package dev.inflight.deploy;

import static dev.inflight.deploy.DeploymentStatus.State.AVAILABLE;
import static dev.inflight.deploy.DeploymentStatus.State.CANARY;
import static dev.inflight.deploy.DeploymentStatus.State.FAILED;
import static dev.inflight.deploy.DeploymentStatus.State.FETCHING;
import static dev.inflight.deploy.DeploymentStatus.State.GATING;
import static dev.inflight.deploy.DeploymentStatus.State.LIVE;
import static dev.inflight.deploy.DeploymentStatus.State.LOADING;
import static dev.inflight.deploy.DeploymentStatus.State.PENDING;
import static dev.inflight.deploy.DeploymentStatus.State.REJECTED;
import static dev.inflight.deploy.DeploymentStatus.State.RETAINED;
import static dev.inflight.deploy.DeploymentStatus.State.RETIRED;
import static dev.inflight.deploy.DeploymentStatus.State.UNLOADED;

import dev.inflight.ModelLoadException;
import dev.inflight.Resident;
import dev.inflight.deploy.DeploymentStatus.GateReport;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One version of a deployment, by its content.
 *
 * <p>Invariant: it moves along {@link #EDGES} only, and it has a resident model exactly in {@code
 * GATING}, {@code CANARY}, {@code LIVE} and {@code RETAINED}. Belongs to the deployment's lock.
 */
final class Track<I, O> {
  private static final Map<State, Set<State>> EDGES = new EnumMap<>(State.class);

  static {
    edge(PENDING, AVAILABLE, FAILED);
    edge(AVAILABLE, PENDING, FETCHING, FAILED, REJECTED, RETIRED);
    edge(FETCHING, LOADING, AVAILABLE, FAILED, REJECTED);
    edge(LOADING, GATING, AVAILABLE, UNLOADED, FAILED, REJECTED);
    edge(GATING, CANARY, LIVE, RETAINED, AVAILABLE, UNLOADED, FAILED, REJECTED, RETIRED);
    edge(CANARY, LIVE, AVAILABLE, REJECTED, RETIRED);
    edge(LIVE, RETAINED, UNLOADED, REJECTED, RETIRED);
    edge(UNLOADED, LOADING, REJECTED, RETIRED);
    edge(RETAINED, CANARY, LIVE, AVAILABLE, REJECTED, RETIRED);
    edge(RETIRED, AVAILABLE, FAILED, REJECTED, FETCHING);
    edge(FAILED, AVAILABLE, PENDING);
    edge(REJECTED, AVAILABLE, PENDING);
  }

  private static void edge(State from, State first, State... others) {
    EDGES.put(from, EnumSet.of(first, others));
  }

  static boolean isLegal(State from, State to) {
    return EDGES.getOrDefault(from, Set.of()).contains(to);
  }

  private static final Set<State> RESIDENT = EnumSet.of(GATING, CANARY, LIVE, RETAINED);

  private final String version;
  private final String identity;
  private State state;
  private Instant since;
  private String reason;
  private int attempts;
  private int failures; // since it was last loaded
  private Optional<Instant> nextAttempt = Optional.empty();
  private List<GateReport> gates = List.of();
  private @Nullable ModelLoadException failure;
  private @Nullable Loaded<I, O> loaded;

  /** As the repository says it is. */
  Track(Versions.Entry entry, Instant now) {
    version = entry.version();
    identity = entry.identity();
    state = of(entry);
    since = now;
    reason = entry.reason();
  }

  static State of(Versions.Entry entry) {
    return switch (entry.state()) {
      case PENDING -> PENDING;
      case AVAILABLE -> AVAILABLE;
      case REFUSED -> FAILED;
    };
  }

  String version() {
    return version;
  }

  String identity() {
    return identity;
  }

  /** As a repository would say it: its files are there. */
  Versions.Entry entry() {
    return new Versions.Entry(version, identity, Versions.State.AVAILABLE, "");
  }

  State state() {
    return state;
  }

  int attempts() {
    return attempts;
  }

  int failures() {
    return failures;
  }

  @Nullable ModelLoadException failure() {
    return failure;
  }

  boolean isResident() {
    return loaded != null;
  }

  /** In a state that has one. */
  Loaded<I, O> loaded() {
    Loaded<I, O> now = loaded;
    if (now == null) {
      throw new IllegalStateException(this + ": expected a resident version");
    }
    return now;
  }

  Resident<I, O> resident() {
    return loaded().resident();
  }

  /**
   * @throws IllegalStateException if there is no such edge
   */
  void move(State to, String why, Instant now) {
    requireLegal(to, why);
    if (RESIDENT.contains(to) && loaded == null) {
      throw new IllegalStateException(this + ": expected a resident version on its way to " + to);
    }
    if (to == FETCHING || (to == LOADING && state == UNLOADED)) {
      attempts++;
      nextAttempt = Optional.empty();
      gates = List.of();
    }
    if (!RESIDENT.contains(to)) {
      loaded = null;
    }
    state = to;
    since = now;
    reason = why;
  }

  private void requireLegal(State to, String why) {
    if (!isLegal(state, to)) {
      throw new IllegalStateException(this + ": there is no way to " + to + " (" + why + ")");
    }
  }

  /** It has been loaded: the way to {@code GATING}. */
  void load(Loaded<I, O> now, Instant at) {
    requireLegal(GATING, "");
    loaded = now;
    move(GATING, "", at);
    failures = 0;
  }

  /** Its load failed, and may be tried again at {@code next} if there is one. */
  void fail(ModelLoadException why, Optional<Instant> next, Instant now) {
    move(next.isPresent() ? AVAILABLE : FAILED, String.valueOf(why.getMessage()), now);
    failure = why;
    failures++;
    nextAttempt = next;
  }

  /** It could not be loaded again, and may be tried again from {@code next} on. */
  void failAgain(ModelLoadException why, Instant next, Instant now) {
    move(UNLOADED, String.valueOf(why.getMessage()), now);
    nextAttempt = Optional.of(next);
  }

  /** Its content is that of one that failed or was rejected. */
  void end(Track<I, O> same, Instant now) {
    boolean failed = same.state == FAILED && same.failure != null;
    String why = same.version.equals(version) ? "" : "as v" + same.version + ": ";
    move(failed ? FAILED : REJECTED, why + same.reason, now);
    failure = same.failure;
  }

  void passed(GateReport report) {
    List<GateReport> all = new ArrayList<>(gates);
    all.add(report);
    gates = List.copyOf(all);
  }

  /** Whether it may be brought up now. */
  boolean isDue(Instant now) {
    return nextAttempt.isEmpty() || !now.isBefore(nextAttempt.get());
  }

  boolean isWaiting() {
    return nextAttempt.isPresent();
  }

  /** Forgets attempts and failure. */
  void clear() {
    attempts = 0;
    failures = 0;
    failure = null;
    nextAttempt = Optional.empty();
  }

  DeploymentStatus.Version status() {
    return new DeploymentStatus.Version(
        version, identity, state, since, reason, attempts, nextAttempt, gates);
  }

  @Override
  public String toString() {
    return "v" + version + " (" + state + ")";
  }
}
