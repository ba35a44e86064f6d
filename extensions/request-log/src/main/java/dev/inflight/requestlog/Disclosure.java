package dev.inflight.requestlog;

import java.util.Map;
import java.util.function.Function;

/**
 * What of a row and of an answer may be written down. The functions name the values that may be:
 * numbers, booleans, text, enum constants, and arrays or collections of one of these, nested if all
 * are of one length. They run on the thread of the call, for calls that are logged only. One that
 * throws, or gives anything else, costs the record its values, never the call its answer.
 *
 * @param row the values of a row, by name; an empty map for none
 * @param answer the values of an answer, by name; an empty map for none
 * @param <I> a row
 * @param <O> an answer
 */
public record Disclosure<I, O>(
    Function<? super I, ? extends Map<String, ?>> row,
    Function<? super O, ? extends Map<String, ?>> answer) {
  /** {@return no value at all} */
  public static <I, O> Disclosure<I, O> nothing() {
    return new Disclosure<>(row -> Map.of(), answer -> Map.of());
  }
}
