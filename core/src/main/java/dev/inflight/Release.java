package dev.inflight;

/** Why a run began when it did, with the rows it had. */
public enum Release {
  /** A caller ran its own rows at once. */
  CALLER,
  /** A lane was free and took what waited. */
  LANE,
  /** More waited than a run may take. */
  FULL,
  /** The oldest row had waited for company as long as it may: {@link Batching#maxDelay()}. */
  DELAY
}
