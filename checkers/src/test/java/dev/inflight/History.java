package dev.inflight;

import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Options;
import org.jetbrains.lincheck.datastructures.StressOptions;

/**
 * What Lincheck checks: it makes up calls of the operations on some threads, and compares what they
 * returned with every order in which the specification could have been called. Which calls it makes
 * up is the same in every run: its seed is a constant, 0.
 */
enum History {
  BULKHEAD(BulkheadHistory.class, BulkheadHistory.Spec.class, 100),
  LANE(LaneHistory.class, LaneHistory.Spec.class, 100),
  QUEUE(QueueHistory.class, QueueHistory.Spec.class, 15),
  BOUNDS(BoundsHistory.class, null, 15),
  LEASE(LeaseHistory.class, LeaseHistory.Spec.class, 30),
  PIN(PinHistory.class, PinHistory.Spec.class, 30),
  COMPLETIONS(CompletionsHistory.class, null, 50);

  /** How the threads of an execution run. */
  enum Mode {
    /** As the machine pleases. */
    STRESS,
    /** One at a time, Lincheck deciding at every access to shared memory who goes on. */
    MODEL_CHECKING
  }

  /** In a scenario: cheap, but each run needs both threads on a processor at once. */
  private static final int STRESS_RUNS = 50;

  private final Class<?> operations;
  private final Class<?> spec;
  private final int invocations;

  /** Without a specification only what the operations find out themselves counts. */
  History(Class<?> operations, Class<?> spec, int invocations) {
    this.operations = operations;
    this.spec = spec;
    this.invocations = invocations;
  }

  /**
   * What is wrong, or null if nothing was found in {@code scenarios}, each of which runs {@code
   * times} as often as in a short check.
   */
  String failure(Mode mode, int scenarios, int times) {
    try {
      if (mode == Mode.STRESS) {
        check(new StressOptions(), scenarios, STRESS_RUNS * times);
      } else {
        // No history uses a spare lane, and the reaper looks at each of them.
        ModelCheckingOptions options =
            new ModelCheckingOptions()
                .addGuarantee(
                    ManagedStrategyGuaranteeKt.forClasses(SpareLanes.class.getName())
                        .allMethods()
                        .ignore());
        check(options, scenarios, times * invocations);
      }
      return null;
    } catch (LincheckAssertionError e) {
      return e.getMessage();
    }
  }

  private <T extends Options<T, ?>> void check(T options, int scenarios, int runs) {
    options
        .threads(2)
        .actorsBefore(1)
        .actorsPerThread(3)
        .actorsAfter(0)
        .iterations(scenarios)
        .invocationsPerIteration(runs)
        .minimizeFailedScenario(false);
    if (spec != null) {
      options.sequentialSpecification(spec);
    }
    options.check(operations);
  }
}
