package dev.inflight;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** All histories for some minutes, and all their mutants. */
final class LongHistories {
  private static final int SCENARIOS = 20;
  private static final int TIMES = 2;
  private static final int UNTIL_CAUGHT = 200;

  private LongHistories() {}

  public static void main(String[] args) throws Exception {
    boolean fine = true;
    for (History history : History.values()) {
      for (History.Mode mode : History.Mode.values()) {
        long begin = System.nanoTime();
        String failure = history.failure(mode, SCENARIOS, TIMES);
        say(history + ", " + mode, failure == null ? "nothing found" : failure, begin);
        fine &= failure == null;
      }
    }
    for (Mutant mutant : HistoryMutants.all().toList()) {
      long begin = System.nanoTime();
      Path directory = Files.createTempDirectory("mutant");
      String failure =
          HistoryChild.failure(
              mutant.compile(directory), directory, mutant.caughtBy(), UNTIL_CAUGHT, TIMES);
      say(mutant.caughtBy() + ", " + mutant, failure == null ? "NOT CAUGHT" : "caught", begin);
      fine &= failure != null;
    }
    System.exit(fine ? 0 : 1);
  }

  private static void say(String what, String found, long begin) {
    System.out.printf(
        "%s: %s after %,d ms%n",
        what, found, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
  }
}
