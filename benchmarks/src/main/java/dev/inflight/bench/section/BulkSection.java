package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.load.ProcessorTime;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.report.Result;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Many rows of m2: the best hand-written batch loop of several sizes, on one thread and on one per
 * core, against ours.
 */
final class BulkSection implements Section {
  static final String NAME = "bulk";
  private static final List<Integer> SIZES = List.of(8, 16, 32, 64, 128, 256);
  private static final int TRIAL_ROWS = 50_000;
  private static final String OURS = "Inflight, predictAll";

  /** One pass. */
  private record Pass(double seconds, double cpuSeconds, double foreign) {}

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    BenchModel model = BenchModel.of("m2");
    int cores = Runtime.getRuntime().availableProcessors();
    Map<String, BulkLoop> loops = new LinkedHashMap<>();
    try (BulkLoops all = new BulkLoops(model)) {
      List<BulkLoop> one = new ArrayList<>();
      List<BulkLoop> many = new ArrayList<>();
      for (int size : SIZES) {
        one.add(all.handWritten(size, 1));
        many.add(all.handWritten(size, cores));
      }
      BulkLoop best = best(one, sink);
      loops.put("ORT loop, 1 thread, batches of " + best.size(), best);
      best = best(many, sink);
      loops.put("ORT loop, " + cores + " threads, batches of " + best.size(), best);
      loops.put(OURS, all.inflight());
      Map<String, List<Pass>> passes = new LinkedHashMap<>();
      for (int round = 0; round < Math.max(3, profile.rounds()); round++) {
        for (Map.Entry<String, BulkLoop> loop : loops.entrySet()) {
          passes
              .computeIfAbsent(loop.getKey(), name -> new ArrayList<>())
              .add(pass(loop.getValue(), profile.bulkRows()));
        }
      }
      HeapProbe probe = new HeapProbe(profile.bulkRows());
      all.inflight().score(profile.bulkRows(), probe);
      report(passes, profile.bulkRows(), probe, sink);
    }
  }

  private static BulkLoop best(List<BulkLoop> loops, Consumer<Result> sink) throws Exception {
    Map<BulkLoop, Double> times = new LinkedHashMap<>();
    for (int round = 0; round < 4; round++) {
      for (BulkLoop loop : loops) {
        double seconds = pass(loop, TRIAL_ROWS).seconds();
        if (round > 0) {
          times.merge(loop, seconds, Math::min);
        }
      }
    }
    times.forEach(
        (loop, seconds) ->
            sink.accept(
                new Result(
                    NAME,
                    "sizes",
                    "m2",
                    loop.size(),
                    loop.threads() + (loop.threads() == 1 ? " thread" : " threads"),
                    Map.of("rate", TRIAL_ROWS / seconds))));
    return times.entrySet().stream()
        .min(Map.Entry.comparingByValue(Comparator.naturalOrder()))
        .orElseThrow()
        .getKey();
  }

  private static Pass pass(BulkLoop loop, int rows) throws Exception {
    double[] sum = new double[1];
    ProcessorTime before = ProcessorTime.now();
    loop.score(rows, answer -> sum[0] += answer[0]);
    ProcessorTime after = ProcessorTime.now();
    if (Double.isNaN(sum[0])) {
      throw new IllegalStateException("an answer is NaN");
    }
    return new Pass(
        (after.wall() - before.wall()) / 1e9,
        (after.own() - before.own()) / 1e9,
        after.foreignSince(before, Runtime.getRuntime().availableProcessors()));
  }

  private static void report(
      Map<String, List<Pass>> passes, int rows, HeapProbe probe, Consumer<Result> sink) {
    double best =
        passes.entrySet().stream()
            .filter(entry -> !entry.getKey().equals(OURS))
            .mapToDouble(entry -> seconds(entry.getValue()))
            .min()
            .orElse(Double.NaN);
    passes.forEach(
        (name, list) -> {
          Map<String, Double> values = new LinkedHashMap<>();
          values.put("rate", rows / seconds(list));
          values.put("rateRatio", best / seconds(list));
          values.put(
              "cpu", list.stream().mapToDouble(Pass::cpuSeconds).min().orElse(0) / rows * 1e6);
          long disturbed = list.stream().filter(p -> p.foreign() > ProcessorTime.MUCH).count();
          values.put("disturbed", (double) disturbed);
          values.put("rounds", (double) list.size());
          if (name.equals(OURS)) {
            values.put("heapEarly", probe.early());
            values.put("heapLate", probe.late());
          }
          sink.accept(new Result(NAME, "bulk", "m2", rows, name, values));
        });
  }

  /** The median of the undisturbed, or of all if there are none. */
  private static double seconds(List<Pass> passes) {
    List<Double> clean =
        passes.stream()
            .filter(pass -> pass.foreign() <= ProcessorTime.MUCH)
            .map(Pass::seconds)
            .sorted()
            .toList();
    List<Double> used =
        clean.isEmpty() ? passes.stream().map(Pass::seconds).sorted().toList() : clean;
    return used.get(used.size() / 2);
  }
}
