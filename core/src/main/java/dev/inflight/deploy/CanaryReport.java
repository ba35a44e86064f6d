package dev.inflight.deploy;

import dev.inflight.deploy.CanaryOptions.Signal;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A canary at one moment. Its intervals and levels hold however often one looks.
 *
 * @param verdict what follows
 * @param reason why; empty while pending, but of a self-check how it stands
 * @param attempt which attempt with these bytes, from 1
 * @param pairs counted so far
 * @param elapsed since the start, over restarts
 * @param signals one each
 */
public record CanaryReport(
    Verdict verdict,
    String reason,
    int attempt,
    long pairs,
    Duration elapsed,
    List<SignalReport> signals) {
  /** Copies the list. */
  public CanaryReport {
    signals = List.copyOf(signals);
  }

  /** What follows from the evidence. */
  public enum Verdict {
    /** Not enough is known. */
    PENDING,
    /** Every signal excludes that the candidate is worse by its margin. */
    PROMOTE,
    /** One signal proves that the candidate is worse. */
    ROLL_BACK,
    /**
     * What is compared is not comparable: requests are not divided as they should be, or a
     * self-check has found a version to differ from itself.
     */
    HOLD,
    /** Time or pairs ran out; the old version is kept, the numbers stay valid. */
    UNDECIDED
  }

  /**
   * The evidence against one claim.
   *
   * @param margin the claim's limit on the harm
   * @param logE ln of what a sceptic of the claim made from a stake of 1; not a probability
   * @param logNeeded the claim is refuted when {@code logE} reaches this
   * @param pValue valid at any moment: 1 / the largest E so far, at most 1
   * @param more units needed if the rest is like what was seen; empty if that leads nowhere
   */
  public record Claim(
      double margin, double logE, double logNeeded, double pValue, OptionalLong more) {
    /** {@return what a sceptic made from 1; infinite beyond 1e308} */
    public double e() {
      return Math.exp(logE);
    }

    /** {@return what a sceptic must make from 1} */
    public double needed() {
      return Math.exp(logNeeded);
    }

    boolean refuted() {
      return logE >= logNeeded;
    }
  }

  /**
   * One signal.
   *
   * @param signal which
   * @param units pairs, labelled pairs or requests
   * @param worse units where the candidate did harm, and the live version did not
   * @param better the other way round
   * @param estimate mean harm
   * @param lower end of the 95 % interval of a mean that does not change
   * @param upper end of it
   * @param rollBack "not worse than tolerated", over all units; every 20,000 have a test of their
   *     own beside it. Of the traffic split: "as it should be", which holds instead
   * @param promote "worse by the margin or more"; empty of the traffic split
   */
  public record SignalReport(
      Signal signal,
      long units,
      long worse,
      long better,
      double estimate,
      double lower,
      double upper,
      Claim rollBack,
      Optional<Claim> promote) {
    /** {@return one line for a log or a page} */
    @Override
    public String toString() {
      String name = signal.name().toLowerCase(Locale.ROOT).replace('_', ' ');
      String seen =
          String.format(
              Locale.ROOT,
              "%s: %,d v %,d in %,d, %+.2f %% (95 %%: %+.2f .. %+.2f %%)",
              name,
              worse,
              better,
              units,
              100 * estimate,
              100 * lower,
              100 * upper);
      if (signal == Signal.TRAFFIC_SPLIT) {
        return seen
            + (rollBack.refuted() ? "; not divided as it should be (" : "; divided as it should (")
            + money(rollBack)
            + ")";
      }
      return seen + promote.map(claim -> "; " + excluded(claim)).orElse("") + "; " + harm();
    }

    private String excluded(Claim claim) {
      String what = "worse by " + limit(claim.margin());
      return claim.refuted()
          ? what + " is excluded (" + money(claim) + ")"
          : what + " is not excluded: " + money(claim);
    }

    private String harm() {
      String what = rollBack.margin() == 0 ? "worse" : "worse than " + limit(rollBack.margin());
      return rollBack.refuted()
          ? what + " is proven (" + money(rollBack) + ")"
          : what + " is not proven: " + money(rollBack);
    }

    private static String limit(double margin) {
      BigDecimal percent = BigDecimal.valueOf(100 * margin).round(new MathContext(3));
      return percent.stripTrailingZeros().toPlainString() + " %";
    }

    private static String money(Claim claim) {
      if (claim.refuted()) {
        return String.format(
            Locale.ROOT, "E = %s >= %s", number(claim.logE()), number(claim.logNeeded()));
      }
      String more =
          claim.more().isPresent()
              ? String.format(Locale.ROOT, ", at this rate %,d more", claim.more().getAsLong())
              : "";
      return String.format(
          Locale.ROOT,
          "E = %s of %s needed%s",
          number(claim.logE()),
          number(claim.logNeeded()),
          more);
    }

    /** E may be far beyond a double; its power of ten is not. */
    private static String number(double log) {
      double tens = log / Math.log(10);
      if (Math.abs(tens) < 4) {
        double value = Math.exp(log);
        return String.format(Locale.ROOT, value < 9.95 ? "%.2g" : "%,.0f", value);
      }
      double power = Math.floor(tens);
      return String.format(Locale.ROOT, "%.0fe%.0f", Math.pow(10, tens - power), power);
    }
  }

  /** {@return one line, and one for each signal} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s after %,d pairs in %d s%s%s",
            verdict,
            pairs,
            elapsed.toSeconds(),
            attempt == 1 ? "" : ", attempt " + attempt,
            reason.isEmpty() ? "" : ": " + reason));
    signals.forEach(signal -> text.append("\n  ").append(signal));
    return text.toString();
  }
}
