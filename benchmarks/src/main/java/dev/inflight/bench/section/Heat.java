package dev.inflight.bench.section;

import dev.inflight.bench.load.Contender;
import dev.inflight.bench.load.Round;
import dev.inflight.bench.load.Rounds;
import dev.inflight.bench.load.Target;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.report.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Contenders open at the same time, that take turns; compared with the first. */
final class Heat {
  private final String section;
  private final String group;
  private final BenchModel model;
  private final double x;
  private final List<Entry> entries = new ArrayList<>();

  private record Entry(Contender contender, Target target, List<Round> rounds) {}

  /** Opens a target. */
  @FunctionalInterface
  interface Opening {
    Target open(Contender contender) throws Exception;
  }

  /** One turn. */
  @FunctionalInterface
  interface Turn {
    Round run(Contender contender, Target target, int round) throws Exception;
  }

  Heat(String section, String group, BenchModel model, double x) {
    this.section = section;
    this.group = group;
    this.model = model;
    this.x = x;
  }

  void run(
      List<Contender> contenders,
      Opening opening,
      int rounds,
      Turn turn,
      Map<String, Double> more,
      Consumer<Result> sink)
      throws Exception {
    try {
      for (Contender contender : contenders) {
        entries.add(new Entry(contender, opening.open(contender), new ArrayList<>()));
      }
      for (int round = 0; round < rounds; round++) {
        for (Entry entry : entries) {
          entry.rounds().add(turn.run(entry.contender(), entry.target(), round));
        }
      }
    } finally {
      for (Entry entry : entries) {
        entry.target().close();
      }
    }
    for (Entry entry : entries) {
      Map<String, Double> values = new Rounds(entry.rounds(), entries.get(0).rounds()).values();
      values.putAll(more);
      sink.accept(new Result(section, group, model.name(), x, entry.contender().title(), values));
    }
  }
}
