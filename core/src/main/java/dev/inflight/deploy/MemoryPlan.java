package dev.inflight.deploy;

/** What {@link MemoryBudget} decided about a version that is to be loaded. */
sealed interface MemoryPlan {
  /** What must happen before the load. */
  enum Choice {
    /** Nothing: it fits beside everything. */
    KEEP_OLD,
    /** Versions that no call needs go first; the live one stays until the new one is ready. */
    KEEP_OLD_AFTER_EVICTING,
    /**
     * The live version of the same deployment goes first, and calls fail until the load is done.
     */
    DROP_OLD_FIRST
  }

  /**
   * It fits, and its bytes are taken.
   *
   * @param choice how
   * @param reservation the caller's to close, whatever happens
   */
  record Granted(Choice choice, MemoryReservation reservation) implements MemoryPlan {}

  /**
   * It does not fit, and nothing was touched.
   *
   * @param reason with all figures
   * @param retryable false if it is larger than the whole budget
   */
  record Refused(String reason, boolean retryable) implements MemoryPlan {}
}
