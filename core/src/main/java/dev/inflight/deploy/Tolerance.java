package dev.inflight.deploy;

import dev.inflight.deploy.Closeness.Rule;
import java.util.Objects;
import java.util.Optional;

/**
 * Whether two answers of a model are the same, and if not, where they differ.
 *
 * <p>Looks into arrays, lists, maps, optionals, records and {@linkplain
 * dev.inflight.tensor.ModelValue model values}, at any depth; a record whose module keeps it closed
 * to this library, a set and any other object is the same when it is {@code equal}. Types must
 * agree: a {@code float} is not the same as a {@code double}.
 *
 * <p>A tolerance is for the rounding of {@code float}s and {@code double}s. An integer may be a
 * label or a token, so {@link #relative}, {@link #ulps} and {@link #topK} want it equal; only an
 * absolute tolerance of 1 or more lets it differ. Text, booleans and enum constants are always to
 * be equal.
 *
 * <p>Under every tolerance NaN is the same as NaN, an infinity only as itself, and but for {@link
 * #exact} -0.0 as 0.0.
 *
 * <p>Safe for use by many threads, as far as nobody writes to the answers.
 */
public final class Tolerance {
  private static final Tolerance EXACT = new Tolerance(new Closeness(Rule.EXACT, 0, 0, 0));

  private final Closeness closeness;
  private final Comparison comparison;

  private Tolerance(Closeness closeness) {
    this.closeness = closeness;
    comparison = new Comparison(closeness);
  }

  /**
   * One place where two answers differ. Has no part of either answer but the distance, and no key
   * of a map, so it may be logged.
   *
   * @param where the way there, such as {@code probabilities[3]} or {@code parts[0].score}; an
   *     entry of a map by its position in the expected one, or by its key if that is an enum
   *     constant; empty for the answer itself
   * @param kind what differs
   * @param size of {@link Kind#NUMBER}, how far apart: under {@link #relative} in parts of the
   *     expected number, under {@link #ulps} in ulps of a {@code float} or {@code double},
   *     otherwise absolute; of {@link Kind#SHAPE} and of {@link Kind#MISSING} in a map, how many
   *     elements; of {@link Kind#ORDER}, the first place that differs, from 1; otherwise 0
   */
  public record Difference(String where, Kind kind, double size) {
    /** What differs. */
    public enum Kind {
      /** Text, a boolean, an enum constant, or anything that is compared by {@code equals}. */
      LABEL,
      /** A number is further off than allowed. */
      NUMBER,
      /** Other lengths or dimensions. */
      SHAPE,
      /** One answer has it, the other has not. */
      MISSING,
      /** NaN in one, a number in the other. */
      NOT_A_NUMBER,
      /** Other types. */
      TYPE,
      /** The largest scores are at other indices, or in another order. */
      ORDER
    }

    Difference(Kind kind, double size) {
      this("", kind, size);
    }

    /** The same, seen from the container that has it under {@code name}. */
    Difference in(String name) {
      boolean joined = where.isEmpty() || where.startsWith("[");
      return new Difference(joined ? name + where : name + "." + where, kind, size);
    }

    /** The same, seen from the container that has it at {@code index}. */
    Difference at(int index) {
      return in("[" + index + "]");
    }

    /** {@return one line for a log} */
    @Override
    public String toString() {
      return (where.isEmpty() ? "answer" : where) + ": " + kind + (size == 0 ? "" : " " + size);
    }
  }

  /** {@return every number equal to the last bit; 0.0 is not -0.0} */
  public static Tolerance exact() {
    return EXACT;
  }

  /**
   * {@return numbers at most {@code distance} apart}
   *
   * @throws IllegalArgumentException if it is negative or not finite
   */
  public static Tolerance absolute(double distance) {
    return new Tolerance(new Closeness(Rule.ABSOLUTE, requireAbsolute(distance), 0, 0));
  }

  /**
   * {@return numbers that are off by at most {@code part} of the expected one; where that is 0,
   * only 0 is the same}
   *
   * @param part 0.01 for one percent
   * @throws IllegalArgumentException if it is negative, or not less than 1: then 0 would do for any
   *     number
   */
  public static Tolerance relative(double part) {
    return new Tolerance(new Closeness(Rule.RELATIVE, 0, requireRelative(part), 0));
  }

  /**
   * {@return numbers close enough by either limit; unlike numpy's {@code allclose}, which adds them
   * up}
   *
   * @param absolute as of {@link #absolute}
   * @param relative as of {@link #relative}
   * @throws IllegalArgumentException as these do
   */
  public static Tolerance close(double absolute, double relative) {
    return new Tolerance(
        new Closeness(Rule.CLOSE, requireAbsolute(absolute), requireRelative(relative), 0));
  }

  /**
   * {@return numbers with less than {@code steps} others of their own type between them}
   *
   * @param steps 1 for neighbours
   * @throws IllegalArgumentException if it is negative
   */
  public static Tolerance ulps(int steps) {
    if (steps < 0) {
      throw new IllegalArgumentException("ulps: expected 0 or more, got " + steps);
    }
    return new Tolerance(new Closeness(Rule.ULPS, 0, 0, steps));
  }

  /**
   * {@return scores whose {@code k} largest are at the same indices, in the same order, whatever
   * they are; equal scores have no order} Scores are {@code float}s or {@code double}s in an array,
   * a list, the values of a map or the last dimension of a tensor, all of them if there are fewer
   * than {@code k}. A number on its own is only asked to stay a number.
   *
   * @throws IllegalArgumentException if {@code k} is less than 1
   */
  public static Tolerance topK(int k) {
    if (k < 1) {
      throw new IllegalArgumentException("topK: expected 1 or more, got " + k);
    }
    return new Tolerance(new Closeness(Rule.TOP_K, 0, 0, k));
  }

  private static double requireAbsolute(double distance) {
    if (!(distance >= 0 && distance <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException("absolute: expected 0 or more, finite, got " + distance);
    }
    return distance;
  }

  private static double requireRelative(double part) {
    if (!(part >= 0 && part < 1)) {
      throw new IllegalArgumentException("relative: expected 0 <= part < 1, got " + part);
    }
    return part;
  }

  /**
   * {@return the first difference found, or empty if the answers are the same}
   *
   * @param expected what {@link #relative} is relative to
   * @throws IllegalStateException if an accessor of a record threw a checked exception; others are
   *     passed on
   */
  public Optional<Difference> compare(Object expected, Object got) {
    Objects.requireNonNull(expected, "expected");
    Objects.requireNonNull(got, "got");
    return Optional.ofNullable(comparison.difference(expected, got));
  }

  /**
   * {@return whether no number in the answer is NaN or infinite} Looks where {@link #compare} does,
   * and into every {@link java.util.Collection}; what it cannot look into has no numbers.
   *
   * @throws IllegalStateException as {@link #compare} does
   */
  public static boolean isFinite(Object answer) {
    return Finiteness.of(Objects.requireNonNull(answer, "answer"));
  }

  /** Two are equal when they are of the same kind with the same limits. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Tolerance that && closeness.equals(that.closeness);
  }

  @Override
  public int hashCode() {
    return closeness.hashCode();
  }

  /** {@return kind and limits, as in {@code close(1.0E-6, 1.0E-4)}} */
  @Override
  public String toString() {
    return closeness.toString();
  }
}
