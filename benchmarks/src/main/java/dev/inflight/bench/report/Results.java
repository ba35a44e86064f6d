package dev.inflight.bench.report;

import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Everything that was measured, in order.
 *
 * @param all of it
 */
public record Results(List<Result> all) {
  /** Copies the list. */
  public Results {
    all = List.copyOf(all);
  }

  /** {@return those of one section} */
  public Results section(String name) {
    return new Results(all.stream().filter(result -> result.section().equals(name)).toList());
  }

  /** {@return those of one group} */
  public Results group(String name) {
    return new Results(all.stream().filter(result -> result.group().equals(name)).toList());
  }

  /** {@return those of one model} */
  public Results model(String name) {
    return new Results(all.stream().filter(result -> result.model().equals(name)).toList());
  }

  /** {@return those of one variant} */
  public Results variant(String name) {
    return new Results(all.stream().filter(result -> result.variant().equals(name)).toList());
  }

  /** {@return those of one x} */
  public Results at(double x) {
    return new Results(all.stream().filter(result -> result.x() == x).toList());
  }

  /** {@return the values of that key, each once, in order} */
  public <T> List<T> distinct(Function<Result, T> key) {
    return all.stream().map(key).distinct().toList();
  }

  /** {@return that value of the first result, if there is one} */
  public OptionalDouble value(String name) {
    return all.stream()
        .mapToDouble(result -> result.value(name))
        .filter(value -> !Double.isNaN(value))
        .findFirst();
  }

  /** {@return whether there are none} */
  public boolean isEmpty() {
    return all.isEmpty();
  }
}
