package dev.inflight;

import java.util.List;
import java.util.stream.Stream;

/**
 * What can be broken in the engine's hand-overs, and which checker must notice. A broken step of
 * two instructions yields between them: on a busy machine its two threads seldom run at the same
 * time.
 */
@SuppressWarnings("StringConcatToTextBlock") // indentation matters here
final class Mutants {
  private Mutants() {}

  static Stream<Mutant> all() {
    return Stream.of(leasing(), calls(), batches(), lanes(), bulkheads(), completions())
        .flatMap(List::stream);
  }

  private static List<Mutant> leasing() {
    return List.of(
        new Mutant(
            "a lease is not confirmed",
            "LeaseAgainstSwap",
            "Leasing",
            "lane.held = version;\n      if (current == version) {",
            "Thread.yield();\n      lane.held = version;\n      if (true) {"),
        new Mutant(
            "a release does not ask the reaper",
            "LeaseAgainstSwap",
            "Leasing",
            "lane.held = null;\n    if (version.retired) {",
            "lane.held = null;\n    if (false) {"),
        new Mutant(
            "retired before it is replaced",
            "LeaseAgainstSwap",
            "Leasing",
            "    publish(next);\n    if (before != null) {\n      retire(before);\n    }",
            "    if (before != null) {\n      retire(before);\n    }\n    publish(next);"),
        new Mutant(
            "the reaper does not look at the lanes",
            "LeaseAgainstSwap",
            "Leasing",
            "if (!isHeld(version)) {",
            "if (true) {"),
        new Mutant(
            "a pin is not confirmed",
            "PinAgainstSwap",
            "Leasing",
            "      version.pins().incrementAndGet();\n      if (current == version) {",
            "      Thread.yield();\n      version.pins().incrementAndGet();\n      if (true) {"),
        new Mutant(
            "an unpin does not ask the reaper",
            "PinAgainstSwap",
            "Leasing",
            "decrementAndGet();\n    if (version.retired) {",
            "decrementAndGet();\n    if (false) {"),
        new Mutant(
            "the reaper does not look at the pins",
            "PinAgainstSwap",
            "Leasing",
            "if (version.pins().get() > 0) {",
            "if (false) {"),
        new Mutant(
            "the reaper looks at the pins last",
            "PinnedLeaseAgainstReap",
            "Leasing",
            "          if (version.pins().get() > 0) {",
            "          boolean held = isHeld(version);\n"
                + "          if (!held && version.pins().get() == 0) {\n"
                + "            version.unpinned = true;\n"
                + "            version.end();\n"
                + "          }\n"
                + "          if (true) {"),
        new Mutant(
            "a lane that comes for a pin that is gone is let in",
            "LateLeaseAgainstUnpin",
            "Leasing",
            "if (!pinned.unpinned) {",
            "if (pinned.pins().get() > 0) {"));
  }

  private static List<Mutant> calls() {
    return List.of(
        new Mutant(
            "given up by a check, then a write",
            "CallGivenUpAgainstTimer",
            "Call",
            "if (STATE.compareAndSet(this, WAITING, GIVEN_UP)) {\n"
                + "      line.leave(this);\n      line.forget",
            "if (state == WAITING) {\n      Thread.yield();\n      state = GIVEN_UP;\n"
                + "      line.leave(this);\n      line.forget"),
        new Mutant(
            "taken by a check, then a write",
            "CallGivenUpAgainstLane",
            "Call",
            "if (!STATE.compareAndSet(this, WAITING, TAKEN)) {\n        return false;\n      }",
            "if (state != WAITING) {\n        return false;\n      }\n      Thread.yield();\n"
                + "      state = TAKEN;"),
        new Mutant(
            "answered by a check, then a write",
            "CallGivenUpAgainstLane",
            "Call",
            "    if (!STATE.compareAndSet(this, TAKEN, DONE)) {",
            "    boolean won = state == TAKEN;\n    if (won) {\n      Thread.yield();\n"
                + "      state = DONE;\n    }\n    if (!won) {"),
        new Mutant(
            "expired by a check, then a write",
            "CallTimesOutAgainstLane",
            "Call",
            "    if (STATE.compareAndSet(this, WAITING, GIVEN_UP)) {\n"
                + "      line.leave(this);\n      end();",
            "    if (state == WAITING) {\n      Thread.yield();\n      state = GIVEN_UP;\n"
                + "      line.leave(this);\n      end();"),
        new Mutant(
            "the bounds are not given back",
            "CallGivenUpAgainstLane",
            "Call",
            "      line.leave(this);\n      line.forget(this);",
            "      line.forget(this);"),
        new Mutant(
            "the bounds are given back twice",
            "CallGivenUpAgainstLane",
            "Call",
            "      Batch<I, O> taken = batch;\n",
            "      Batch<I, O> taken = batch;\n      line.leave(this);\n"));
  }

  private static List<Mutant> batches() {
    return List.of(
        new Mutant(
            "the lane does not wait for a cancel",
            "CancelAgainstRun",
            "Batch",
            "while (state == CANCELLING) {",
            "if (false) {"),
        new Mutant(
            "a cancel does not claim the run",
            "CancelAgainstRun",
            "Batch",
            "STATE.compareAndSet(this, RUNNING, CANCELLING)",
            "state == RUNNING"),
        new Mutant(
            "the first one cancels",
            "CancelByTheLast",
            "Batch",
            "if (alive.decrementAndGet() == 0 &&",
            "if (alive.decrementAndGet() >= 0 &&"),
        new Mutant(
            "the calls alive are counted by a read, then a write",
            "CancelByTheLast",
            "Batch",
            "if (alive.decrementAndGet() == 0 &&",
            "int left = alive.get() - 1;\n    alive.set(left);\n    if (left == 0 &&"));
  }

  private static List<Mutant> lanes() {
    return List.of(
        new Mutant(
            "entered by a check, then a write",
            "LaneIsHeldByOne",
            "Lane",
            "if (busy == 0 && BUSY.compareAndSet(this, 0, 1)) {",
            "if (busy == 0) {\n      busy = 1;"),
        new Mutant(
            "a lane that leaves does not look again",
            "EnqueueAgainstServingLane",
            "Lane",
            "      leave();\n"
                + "      // Dekker: whoever queued before this look either saw busy == 0 and kicked, or is seen here.\n"
                + "      if (!dispatcher.hasTakeable() || !tryEnter()) {",
            "      Thread.yield();\n      leave();\n      if (true) {"),
        new Mutant(
            "a lane looks before it leaves, and takes its time",
            "EnqueueAgainstServingLane",
            "Lane",
            "      leave();\n",
            "      if (!dispatcher.hasTakeable()) {\n        Thread.yield();\n        leave();\n        return;\n      }\n"
                + "      leave();\n"),
        new Mutant(
            "a thread that comes back does not look",
            "EnqueueAgainstThreadThatComesBack",
            "Lane",
            "return dispatcher.hasTakeable() && isServedBy(by) && tryEnter();",
            "return false;"),
        new Mutant(
            "a thread looks before it comes back",
            "EnqueueAgainstThreadThatComesBack",
            "Lane",
            "    by.comeBack();\n    return dispatcher.hasTakeable()",
            "    boolean takeable = dispatcher.hasTakeable();\n    Thread.yield();\n"
                + "    by.comeBack();\n    return takeable"),
        new Mutant(
            "a lane is woken before the call is there",
            "EnqueueAgainstServingLane",
            "Dispatcher",
            "    intake.add(call);\n    boolean patient",
            "    kick(BatchingRule.WAKE_UP);\n    Thread.yield();\n    intake.add(call);\n    if (true) {\n"
                + "      return;\n    }\n    boolean patient"),
        new Mutant(
            "a caller that leaves does not look",
            "EnqueueAgainstLeavingCaller",
            "Dispatcher",
            "if (starved || (lane.index() < lanes.length && hasQueued())) {",
            "if (starved) {"),
        new Mutant(
            "a caller looks before it leaves",
            "EnqueueAgainstLeavingCaller",
            "Dispatcher",
            "    lane.leave();\n"
                + "    boolean starved = bulkhead != null && bulkhead.leave();\n"
                + "    if (starved || (lane.index() < lanes.length && hasQueued())) {",
            "    boolean queued = hasQueued();\n"
                + "    lane.leave();\n"
                + "    boolean starved = bulkhead != null && bulkhead.leave();\n"
                + "    if (starved || queued) {"),
        new Mutant(
            "who lists what waits does not look for a lane",
            "ForgetAgainstLeavingCaller",
            "Dispatcher",
            "    if (takeable > 0) {\n",
            "    if (false) {\n"));
  }

  private static List<Mutant> bulkheads() {
    return List.of(
        new Mutant(
            "entered by a check, then a write",
            "BulkheadHasOnePlace",
            "Bulkhead",
            "if (used.compareAndSet(now, now + 1)) {",
            "used.set(now + 1);\n      if (true) {"),
        new Mutant(
            "who starves does not look again",
            "BulkheadStarvesAgainstLeave",
            "Bulkhead",
            "    starved = true;\n    return used.get() >= limit;",
            "    starved = true;\n    return true;"),
        new Mutant(
            "who leaves looks before it does",
            "BulkheadStarvesAgainstLeave",
            "Bulkhead",
            "    used.decrementAndGet();\n    if (starved) {",
            "    boolean waited = starved;\n    used.decrementAndGet();\n    if (waited) {"),
        new Mutant(
            "who leaves tells nobody",
            "BulkheadAgainstServingLane",
            "Bulkhead",
            "    used.decrementAndGet();\n    if (starved) {",
            "    used.decrementAndGet();\n    if (false) {"));
  }

  private static List<Mutant> completions() {
    return List.of(
        new Mutant(
            "a drainer does not look again",
            "CompletionsAgainstEndingDrainer",
            "Completions",
            "      } finally {\n        drainers.decrementAndGet();\n      }\n"
                + "      // Dekker: who added before this look is seen here, who adds later sees a drainer less.\n"
                + "    } while (!done.isEmpty() && again());",
            "      } finally {\n        Thread.yield();\n        drainers.decrementAndGet();\n      }\n"
                + "    } while (false);"),
        new Mutant(
            "a drainer looks before it ends",
            "CompletionsAgainstEndingDrainer",
            "Completions",
            "      } finally {\n        drainers.decrementAndGet();\n      }",
            "        if (done.isEmpty()) {\n          Thread.yield();\n          return;\n        }\n"
                + "      } finally {\n        drainers.decrementAndGet();\n      }"),
        new Mutant(
            "a completion comes after the look for a drainer",
            "CompletionsAgainstEndingDrainer",
            "Completions",
            "    add(completion);\n    flush();",
            "    flush();\n    Thread.yield();\n    add(completion);"),
        new Mutant(
            "one of two drainers ends with work left",
            "CompletionsOfTwoDrainers",
            "Completions",
            "      } finally {\n        drainers.decrementAndGet();\n      }\n"
                + "      // Dekker: who added before this look is seen here, who adds later sees a drainer less.\n"
                + "    } while (!done.isEmpty() && again());",
            "      } finally {\n        Thread.yield();\n        drainers.decrementAndGet();\n      }\n"
                + "    } while (false);"),
        new Mutant(
            "a completion is looked at, then removed",
            "CompletionsOfTwoDrainers",
            "Completions",
            "(completion = done.poll()) != null) {\n          completion.run();",
            "(completion = done.peek()) != null) {\n        completion.run();\n        done.poll();"));
  }
}
