package dev.inflight.testkit;

/** What can become of a file between the look at a version and its fetch. */
public enum Damage {
  /** The connection ends in the middle of the file. */
  TORN,
  /** It ends early, and its source says nothing. */
  TRUNCATED,
  /** It goes on behind its end. */
  LONGER,
  /** One bit is another. */
  FLIPPED,
  /** It is not there any more. */
  GONE
}
