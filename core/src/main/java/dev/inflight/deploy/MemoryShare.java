package dev.inflight.deploy;

import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What one deployment asks of the budget, and what its versions were measured to need. */
final class MemoryShare {
  /** For versions of others that have to be closed first. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final MemoryBudget budget;
  private final String name;
  private final boolean mayDropLive;
  private volatile Optional<Footprint> last = Optional.empty();

  /**
   * @param mayDropLive whether the live version may go before the next one is loaded
   */
  MemoryShare(MemoryBudget budget, String name, boolean mayDropLive) {
    this.budget = budget;
    this.name = name;
    this.mayDropLive = mayDropLive;
  }

  /**
   * {@return what the version may need, taken before it is loaded} Blocks until it is there.
   *
   * @param dropping told before the live version goes; throws if it must not go any more
   * @throws ModelLoadException of stage {@code MEMORY} if there is no room; nothing was touched
   */
  MemoryReservation reserve(String version, long fileBytes, Runnable dropping) {
    long need = Footprint.estimate(fileBytes, last);
    MemoryPlan plan = budget.plan(name, version, need, mayDropLive);
    if (plan instanceof MemoryPlan.Granted granted) {
      boolean drops = granted.choice() == MemoryPlan.Choice.DROP_OLD_FIRST;
      return awaited(granted.reservation(), version, drops ? dropping : () -> {});
    }
    throw refusal(version, ((MemoryPlan.Refused) plan).reason());
  }

  private MemoryReservation awaited(
      MemoryReservation reservation, String version, Runnable dropping) {
    boolean there = false;
    try {
      dropping.run();
      reservation.evict();
      reservation.granted().get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
      there = true;
      return reservation;
    } catch (InterruptedException e) {
      throw new CancellationException(name + " v" + version + ": interrupted");
    } catch (ExecutionException | TimeoutException e) {
      throw refusal(version, "what was to make room was not closed within " + PATIENCE);
    } finally {
      if (!there) {
        reservation.close();
      }
    }
  }

  private ModelLoadException refusal(String version, String why) {
    return new ModelLoadException(Stage.MEMORY, name + " v" + version + ": " + why);
  }

  /** It is loaded and warm: from now on it holds what was measured. */
  void settle(
      MemoryReservation reservation,
      FootprintMeter.Measurement measured,
      long fileBytes,
      long ownFigure,
      Runnable unload) {
    long bytes = measured.bytes(ownFigure).orElse(Footprint.estimate(fileBytes, last));
    last = Optional.of(new Footprint(fileBytes, bytes));
    reservation.settle(bytes, unload);
  }
}
