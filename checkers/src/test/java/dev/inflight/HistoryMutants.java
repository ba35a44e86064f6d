package dev.inflight;

import java.util.List;
import java.util.stream.Stream;

/**
 * What can be broken, and which {@link History} must notice: the mutants of the jcstress tests
 * where they will do, and some of what only these checkers look at.
 */
@SuppressWarnings("StringConcatToTextBlock") // indentation matters here
final class HistoryMutants {
  private HistoryMutants() {}

  /** The first one of every checker, for a quick look: listed first is what is caught soon. */
  static Stream<Mutant> first() {
    return Stream.of(History.values())
        .map(history -> all().filter(m -> m.caughtBy().equals(history.name())).findFirst().get());
  }

  static Stream<Mutant> all() {
    return Stream.of(
            of(History.BULKHEAD, "Bulkhead"),
            of(History.BOUNDS, "Call", "the bounds are not given back"),
            of(History.PIN, "Leasing", "an unpin does not ask the reaper"),
            own(),
            of(History.LANE, "Lane", "entered by a check, then a write"),
            of(History.QUEUE, "Call", "given up by a check, then a write"),
            of(History.BOUNDS, "Lane", "a lane that leaves does not look again"),
            of(History.BOUNDS, "Dispatcher", "a caller that leaves does not look"),
            of(
                History.LEASE,
                "Leasing",
                "a lease is not confirmed",
                "a release does not ask the reaper",
                "retired before it is replaced",
                "the reaper does not look at the lanes"),
            of(
                History.PIN,
                "Leasing",
                "a pin is not confirmed",
                "the reaper does not look at the pins"),
            of(History.COMPLETIONS, "Completions"))
        .flatMap(List::stream);
  }

  /** Those mutants of a class that are broken so, or all of them. */
  private static List<Mutant> of(History history, String type, String... what) {
    List<Mutant> found =
        Mutants.all()
            .filter(m -> m.of().equals(type))
            .filter(m -> what.length == 0 || List.of(what).contains(m.what()))
            .map(m -> m.caughtBy(history.name()))
            .toList();
    if (found.size() < Math.max(1, what.length)) {
      throw new IllegalStateException(
          "mutants of " + type + ": expected " + List.of(what) + ", got " + found);
    }
    return found;
  }

  private static List<Mutant> own() {
    return List.of(
        new Mutant(
            "the owner is said before the permit is had",
            "LANE",
            "Lane",
            "    if (busy == 0 && BUSY.compareAndSet(this, 0, 1)) {\n"
                + "      owner = Thread.currentThread();\n",
            "    owner = Thread.currentThread();\n"
                + "    if (busy == 0 && BUSY.compareAndSet(this, 0, 1)) {\n"),
        new Mutant(
            "the owner is forgotten after the permit is given back",
            "LANE",
            "Lane",
            "    owner = null;\n    busy = 0;",
            "    busy = 0;\n    owner = null;"),
        new Mutant(
            "who gives up does not lock",
            "QUEUE",
            "Dispatcher",
            "    lock.lock();\n    try {\n      change.run();\n    } finally {\n"
                + "      lock.unlock();\n    }",
            "    change.run();"),
        new Mutant(
            "who is refused keeps its share",
            "BOUNDS",
            "Line",
            "        leave(call);\n        throw refusal;",
            "        throw refusal;"),
        new Mutant(
            "the rows are looked at, then counted",
            "BOUNDS",
            "Line",
            "    int depth = rows.getAndAdd(call.size());",
            "    int depth = rows.get();\n    rows.addAndGet(call.size());"),
        new Mutant(
            "the bytes are looked at, then counted",
            "BOUNDS",
            "Line",
            "call.bytes() == 0 ? 0 : bytes.getAndAdd(call.bytes());",
            "bytes.get();\n    bytes.addAndGet(call.bytes());"));
  }
}
