package dev.inflight;

/**
 * How many predictions ended how. A row of a bulk call is a prediction; all ends together are all
 * predictions that ever ended, each counted once.
 *
 * @param completed see {@link CallEnd#COMPLETED}, and so on
 */
public record Ends(
    long completed,
    long failed,
    long invalid,
    long rejected,
    long timedOut,
    long cancelled,
    long unavailable) {
  /** Of nothing. */
  public static final Ends NONE = new Ends(0, 0, 0, 0, 0, 0, 0);

  /** By the ordinals of {@link CallEnd}. */
  Ends(long[] counts) {
    this(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6]);
  }

  static Ends completed(long count) {
    return new Ends(count, 0, 0, 0, 0, 0, 0);
  }

  /** {@return those that ended so} */
  public long of(CallEnd end) {
    return switch (end) {
      case COMPLETED -> completed;
      case FAILED -> failed;
      case INVALID -> invalid;
      case REJECTED -> rejected;
      case TIMED_OUT -> timedOut;
      case CANCELLED -> cancelled;
      case UNAVAILABLE -> unavailable;
    };
  }

  /** {@return all of them} */
  public long all() {
    return completed + failed + invalid + rejected + timedOut + cancelled + unavailable;
  }

  /**
   * {@return the part that failed for a reason that the caller cannot help: not invalid, not
   * cancelled; 0 if there is nothing}
   */
  public double errorRatio() {
    long all = all();
    return all == 0 ? 0 : (double) (failed + rejected + timedOut + unavailable) / all;
  }

  /** {@return both} */
  public Ends plus(Ends other) {
    return combined(other, 1);
  }

  /** {@return those that came after {@code earlier}} */
  public Ends since(Ends earlier) {
    return combined(earlier, -1);
  }

  private Ends combined(Ends other, int sign) {
    return new Ends(
        Math.max(0, completed + sign * other.completed),
        Math.max(0, failed + sign * other.failed),
        Math.max(0, invalid + sign * other.invalid),
        Math.max(0, rejected + sign * other.rejected),
        Math.max(0, timedOut + sign * other.timedOut),
        Math.max(0, cancelled + sign * other.cancelled),
        Math.max(0, unavailable + sign * other.unavailable));
  }
}
