package dev.inflight.testkit;

import java.util.Arrays;

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
  GONE;

  /**
   * {@return what becomes of a file whose connection holds}
   *
   * @throws IllegalArgumentException if it does not, or if nothing is left
   */
  public byte[] of(byte[] bytes) {
    return switch (this) {
      case TRUNCATED -> Arrays.copyOf(bytes, bytes.length / 2);
      case LONGER -> Arrays.copyOf(bytes, bytes.length + 1);
      case FLIPPED -> {
        byte[] flipped = bytes.clone();
        flipped[flipped.length / 2] ^= 1;
        yield flipped;
      }
      default ->
          throw new IllegalArgumentException(
              "damage: expected TRUNCATED, LONGER or FLIPPED, got " + this);
    };
  }
}
