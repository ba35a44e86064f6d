package dev.inflight.bench;

import java.util.List;

/**
 * How long everything takes. {@code -Dbench.rounds=n} replaces the number of closed and open
 * rounds.
 *
 * @param models that are measured in single calls
 * @param rows of a single call
 * @param callWarmupMillis of each variant of a single call
 * @param callRounds of single calls
 * @param callMillis one round of one variant
 * @param batchRows sizes of the batching section
 * @param loadModels that many callers ask
 * @param fewModels that one or two callers ask
 * @param callers blocking ones, more than lanes
 * @param asyncCallers continuations
 * @param rounds of the closed and the open loop
 * @param warmupMillis before each round
 * @param measureMillis a round
 * @param loads arrival rates, as fractions of what direct callers reach
 * @param openModels in the open loop
 * @param bulkRows rows of the bulk section
 */
public record Profile(
    List<String> models,
    List<Integer> rows,
    int callWarmupMillis,
    int callRounds,
    int callMillis,
    List<Integer> batchRows,
    List<String> loadModels,
    List<String> fewModels,
    List<Integer> callers,
    List<Integer> asyncCallers,
    int rounds,
    int warmupMillis,
    int measureMillis,
    List<Double> loads,
    List<String> openModels,
    int bulkRows) {
  private static final List<String> ALL = List.of("m0", "m1", "m2", "m3", "m4", "m5");

  /** {@return at most 25 minutes on two cores} */
  public static Profile full() {
    return new Profile(
        ALL,
        List.of(1, 8, 32, 128),
        400,
        40,
        12,
        List.of(1, 2, 4, 8, 16, 32, 64, 128, 256),
        List.of("m2", "m3", "m4"),
        ALL,
        List.of(4, 16, 64, 256),
        List.of(2, 64),
        rounds(3),
        300,
        600,
        List.of(0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 1.5, 3.0),
        List.of("m2", "m3", "m4"),
        1_000_000);
  }

  /** {@return less than three minutes: a first impression} */
  public static Profile quick() {
    return new Profile(
        ALL,
        List.of(1, 32),
        250,
        10,
        6,
        List.of(1, 8, 64),
        List.of("m2", "m3", "m4"),
        List.of("m1"),
        List.of(16),
        List.of(64),
        rounds(1),
        100,
        200,
        List.of(0.3, 0.85, 1.5),
        List.of("m2"),
        100_000);
  }

  private static int rounds(int usual) {
    int wanted = Integer.getInteger("bench.rounds", 0);
    return wanted > 0 ? wanted : usual;
  }

  /** {@return that profile} */
  public static Profile of(boolean quick) {
    return quick ? quick() : full();
  }
}
