package dev.inflight.deploy;

import dev.inflight.deploy.CanaryOptions.Signal;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * How a version that has passed its gates comes to serve. The first version always serves at once;
 * with a {@linkplain Deployment.Builder#home home} that is, after a restart, the one that served
 * last, and a canary goes on from the evidence it had.
 */
public sealed interface Rollout {
  /** {@return at once} */
  static Rollout immediate() {
    return new Immediate();
  }

  /**
   * {@return some requests run on both versions, callers see the live one only; evidence that holds
   * at any time promotes the candidate or rejects it}
   */
  static Canary canary(CanaryOptions options) {
    return new Canary(
        options, Tolerance.exact(), List.of(), Duration.ofMinutes(10), true, same -> same);
  }

  /**
   * {@return the same, but nothing is decided: {@link Deployment#promote} or {@link
   * Deployment#reject} does}
   */
  static Canary shadow(CanaryOptions options) {
    return new Canary(
        options, Tolerance.exact(), List.of(), Duration.ofMinutes(10), false, same -> same);
  }

  /** At once. */
  record Immediate() implements Rollout {}

  /**
   * Both versions side by side, until one is known to be good enough or worse.
   *
   * @param options what is watched, and how sure it has to be
   * @param tolerance within which two answers are the same
   * @param ramp the parts of the traffic, over 0 to below 1, that see the candidate, one after the
   *     other; empty if nobody does before it is promoted. The same {@linkplain
   *     dev.inflight.CallOptions#withKey key} sees the same version
   * @param step how long each part lasts at least
   * @param decides whether evidence promotes and rejects, or is only shown
   * @param label what of an answer is compared with the truth that is fed back
   */
  record Canary(
      CanaryOptions options,
      Tolerance tolerance,
      List<Double> ramp,
      Duration step,
      boolean decides,
      Function<Object, Object> label)
      implements Rollout {
    private static final Set<Signal> MEASURED =
        Collections.unmodifiableSet(
            EnumSet.of(Signal.ERRORS, Signal.CORRECTNESS, Signal.DISAGREEMENT, Signal.LATENCY));

    /**
     * Checks the ramp, and that somebody measures what is watched.
     *
     * @throws IllegalArgumentException if a part is not over 0 and below 1, or smaller than the one
     *     before; if a signal is not one of errors, correctness, disagreement and latency
     */
    public Canary {
      Objects.requireNonNull(options, "options");
      if (!MEASURED.containsAll(options.signals().keySet())) {
        throw new IllegalArgumentException(
            "canary: expected signals among " + MEASURED + ", got " + options.signals().keySet());
      }
      ramp = List.copyOf(ramp);
      double before = 0;
      for (double share : ramp) {
        if (!(share > 0 && share < 1 && share >= before)) {
          throw new IllegalArgumentException(
              "canary ramp: expected growing parts over 0 and below 1, got " + ramp);
        }
        before = share;
      }
      if (step.isNegative()) {
        throw new IllegalArgumentException("canary step: expected no negative time, got " + step);
      }
    }

    /** {@return this, comparing answers so} */
    public Canary withTolerance(Tolerance tolerance) {
      return new Canary(options, tolerance, ramp, step, decides, label);
    }

    /** {@return this, the candidate visible to growing parts of the traffic} */
    public Canary withRamp(Duration step, double... parts) {
      return new Canary(
          options, tolerance, Arrays.stream(parts).boxed().toList(), step, decides, label);
    }

    /** {@return this, an answer being right if that of it equals the truth that is fed back} */
    public <O> Canary withLabel(Class<O> answer, Function<? super O, ?> label) {
      return new Canary(
          options, tolerance, ramp, step, decides, each -> label.apply(answer.cast(each)));
    }

    /** The part of the traffic after so long. */
    double share(Duration elapsed) {
      if (ramp.isEmpty()) {
        return 0;
      }
      long steps = step.isZero() ? ramp.size() : elapsed.toNanos() / step.toNanos();
      return ramp.get((int) Math.min(steps, ramp.size() - 1));
    }

    boolean isRampOver(Duration elapsed) {
      return elapsed.compareTo(step.multipliedBy(ramp.size())) >= 0;
    }
  }
}
