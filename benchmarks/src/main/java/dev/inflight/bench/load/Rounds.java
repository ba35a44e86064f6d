package dev.inflight.bench.load;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The rounds of one variant beside those of the variant it is compared with, in the order they were
 * run. Disturbed rounds count only where there are no others.
 *
 * @param own of this variant
 * @param base of the other
 */
public record Rounds(List<Round> own, List<Round> base) {
  /** Copies the lists. */
  public Rounds {
    own = List.copyOf(own);
    base = List.copyOf(base);
  }

  /** {@return medians, ratios to the base as medians over pairs, and how much was disturbed} */
  public Map<String, Double> values() {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put("rate", median(Round::rate));
    values.put("p50", median(Round::p50));
    values.put("p99", median(Round::p99));
    values.put("p999", median(Round::p999));
    values.put("cpu", median(Round::cpu));
    values.put("refused", median(Round::refused));
    values.put("late", median(Round::late));
    values.put("rateRatio", ratio(Round::rate));
    values.put("p50Ratio", ratio(Round::p50));
    values.put("p99Ratio", ratio(Round::p99));
    values.put("p999Ratio", ratio(Round::p999));
    values.put("cpuRatio", ratio(Round::cpu));
    values.put("rounds", (double) own.size());
    values.put("disturbed", (double) own.stream().filter(Round::isDisturbed).count());
    return values;
  }

  double median(ToDoubleFunction<Round> value) {
    boolean someClean = own.stream().anyMatch(round -> !round.isDisturbed());
    return middle(
        own.stream()
            .filter(round -> !someClean || !round.isDisturbed())
            .mapToDouble(value)
            .toArray());
  }

  double ratio(ToDoubleFunction<Round> value) {
    int n = Math.min(own.size(), base.size());
    boolean someClean = IntStream.range(0, n).anyMatch(this::isClean);
    return middle(
        IntStream.range(0, n)
            .filter(i -> !someClean || isClean(i))
            .mapToDouble(i -> value.applyAsDouble(own.get(i)) / value.applyAsDouble(base.get(i)))
            .toArray());
  }

  private boolean isClean(int i) {
    return !own.get(i).isDisturbed() && !base.get(i).isDisturbed();
  }

  private static double middle(double[] values) {
    if (values.length == 0) {
      return Double.NaN;
    }
    Arrays.sort(values);
    int half = values.length / 2;
    return values.length % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  }
}
