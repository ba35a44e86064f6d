package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every checker passes for a moment, and notices what was broken. */
class MutantsTest {
  private static final long SHORT = TimeUnit.MILLISECONDS.toNanos(300);

  /** A mutant is usually caught within milliseconds; a busy machine gets its time. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  static Stream<Mutant> mutants() {
    return Mutants.all();
  }

  static Stream<String> checkers() {
    return Mutants.all().map(Mutant::caughtBy).distinct();
  }

  @ParameterizedTest
  @MethodSource("checkers")
  void checker_onTheEngine_passes(String checker) throws Exception {
    StressLoop loop = new StressLoop(Class.forName("dev.inflight." + checker));
    assertThat(loop.run(SHORT)).as("forbidden outcome").isNull();
    assertThat(loop.rounds()).isPositive();
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void mutant_underItsChecker_isCaught(Mutant mutant, @TempDir Path directory) throws Exception {
    StressLoop loop = new StressLoop(mutant.load(directory));
    String forbidden = loop.run(PATIENCE);
    System.out.printf("%s: %s after %,d rounds%n", mutant, forbidden, loop.rounds());
    assertThat(forbidden).as("forbidden outcome of %s", mutant).isNotNull();
  }
}
