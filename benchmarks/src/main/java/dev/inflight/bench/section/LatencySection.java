package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.load.ClosedLoop;
import dev.inflight.bench.load.Contender;
import dev.inflight.bench.load.OpenLoop;
import dev.inflight.bench.load.Round;
import dev.inflight.bench.load.Rounds;
import dev.inflight.bench.load.Schedule;
import dev.inflight.bench.load.Target;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.report.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Open loop: Poisson arrivals at fractions of what one direct caller per core reaches. */
final class LatencySection implements Section {
  static final String NAME = "latency";

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    ConcurrencySection.warmUp(profile);
    for (String name : profile.openModels()) {
      BenchModel model = BenchModel.of(name);
      double capacity = capacity(model, profile);
      for (double load : profile.loads()) {
        cell(profile, model, load, capacity, sink);
      }
    }
  }

  private static double capacity(BenchModel model, Profile profile) throws Exception {
    Target direct = Contender.DIRECT.open(model);
    try {
      int cores = Runtime.getRuntime().availableProcessors();
      List<Round> rounds = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        rounds.add(
            ClosedLoop.run(
                direct,
                model,
                ClosedLoop.Kind.BLOCKING,
                cores,
                profile.warmupMillis(),
                profile.measureMillis()));
      }
      return new Rounds(rounds, rounds).values().getOrDefault("rate", 1.0);
    } finally {
      direct.close();
    }
  }

  private static void cell(
      Profile profile, BenchModel model, double load, double capacity, Consumer<Result> sink)
      throws Exception {
    double seconds = (profile.warmupMillis() + profile.measureMillis()) / 1e3;
    new Heat(NAME, "poisson", model, load)
        .run(
            List.of(Contender.values()),
            contender -> contender.openAsynchronous(model),
            profile.rounds(),
            (contender, target, round) ->
                OpenLoop.run(
                    target,
                    model,
                    Schedule.poisson(load * capacity, seconds, 100 + round),
                    profile.warmupMillis() * 1_000_000L),
            Map.of("asked", load * capacity),
            sink);
  }
}
