package dev.inflight;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions of one slot that have not ended.
 *
 * <p>Invariant: a version is here from before anybody can lease it until its model is closed or
 * given back; so when none is left, nothing of the slot's is open.
 */
final class OpenVersions<I, O> {
  private static final Logger log = LoggerFactory.getLogger(ModelSlot.class);

  /** For the reaper, even when calls have used up the grace. */
  private static final Duration LAST_PATIENCE = Duration.ofSeconds(1);

  private final Set<Version<I, O>> versions = ConcurrentHashMap.newKeySet();

  void add(Version<I, O> version) {
    versions.add(version);
    var unused = version.ended().whenComplete((model, failure) -> versions.remove(version));
  }

  /**
   * Waits for all to end, until a moment of {@link System#nanoTime}.
   *
   * @param ours those that nobody else is told of if their close fails
   */
  void awaitEnds(long deadline, Set<Version<I, O>> ours) {
    Set<Version<I, O>> all = new HashSet<>(versions);
    all.addAll(ours);
    for (Version<I, O> version : all) {
      try {
        long patience = Math.max(deadline - System.nanoTime(), LAST_PATIENCE.toNanos());
        version.ended().get(patience, TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        log.warn("{}: a run does not end; its model stays open", version.info().label());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (ExecutionException | CompletionException e) {
        if (ours.contains(version)) {
          log.warn("{}: close failed", version.info().label(), e.getCause());
        }
      }
    }
  }
}
