package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.load.ClosedLoop;
import dev.inflight.bench.load.Contender;
import dev.inflight.bench.load.Target;
import dev.inflight.bench.load.VirtualThreads;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.report.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Closed loop: blocking callers, continuations, virtual threads. */
final class ConcurrencySection implements Section {
  static final String NAME = "concurrency";
  private static final List<Integer> FEW = List.of(1, 2);
  private static final int VIRTUAL = 64;

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    warmUp(profile);
    for (String name : profile.fewModels()) {
      for (int callers : FEW) {
        cell(profile, ClosedLoop.Kind.BLOCKING, name, callers, sink);
      }
    }
    for (String name : profile.loadModels()) {
      for (int callers : profile.callers()) {
        cell(profile, ClosedLoop.Kind.BLOCKING, name, callers, sink);
      }
      for (int callers : profile.asyncCallers()) {
        cell(profile, ClosedLoop.Kind.ASYNC, name, callers, sink);
      }
      if (VirtualThreads.exist()) {
        cell(profile, ClosedLoop.Kind.VIRTUAL, name, VIRTUAL, sink);
      }
    }
  }

  /** Compiles every path once, so that the first cells are not slower than the others. */
  static void warmUp(Profile profile) throws Exception {
    BenchModel model = BenchModel.of("m1");
    for (Contender contender : Contender.values()) {
      Target target = contender.openAsynchronous(model);
      try {
        for (ClosedLoop.Kind kind : List.of(ClosedLoop.Kind.BLOCKING, ClosedLoop.Kind.ASYNC)) {
          for (int callers : FEW) {
            ClosedLoop.run(target, model, kind, callers, 0, profile.measureMillis());
          }
        }
      } finally {
        target.close();
      }
    }
  }

  /** Continuations are compared with as many blocking direct callers. */
  private static ClosedLoop.Kind kind(ClosedLoop.Kind kind, Contender contender) {
    boolean blockingOnly = contender == Contender.DIRECT || contender == Contender.DJL;
    return kind == ClosedLoop.Kind.ASYNC && blockingOnly ? ClosedLoop.Kind.BLOCKING : kind;
  }

  private static void cell(
      Profile profile, ClosedLoop.Kind kind, String name, int callers, Consumer<Result> sink)
      throws Exception {
    BenchModel model = BenchModel.of(name);
    List<Contender> contenders = new ArrayList<>(List.of(Contender.values()));
    if (kind != ClosedLoop.Kind.BLOCKING) {
      contenders.remove(Contender.DJL);
    }
    new Heat(NAME, kind.name().toLowerCase(Locale.ROOT), model, callers)
        .run(
            contenders,
            contender -> contender.open(model),
            profile.rounds(),
            (contender, target, round) ->
                ClosedLoop.run(
                    target,
                    model,
                    kind(kind, contender),
                    callers,
                    profile.warmupMillis(),
                    profile.measureMillis()),
            Map.of(),
            sink);
  }
}
