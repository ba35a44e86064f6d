package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lincheck finds nothing in the engine for a moment, and notices what was broken. */
class HistoriesTest {
  private static final int SCENARIOS = 2;

  /** A mutant is caught as soon as it shows; which scenario shows it is the same in every run. */
  private static final int UNTIL_CAUGHT = 100;

  @ParameterizedTest
  @EnumSource
  void history_underStress_isOneOfTheSpecification(History history) {
    assertThat(history.failure(History.Mode.STRESS, SCENARIOS, 1)).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void history_modelChecked_isOneOfTheSpecification(History history) {
    assertThat(history.failure(History.Mode.MODEL_CHECKING, SCENARIOS, 1)).isNull();
  }

  @Test
  void mutants_underTheirHistories_areCaught(@TempDir Path directory) {
    // At once, for a child starts three times as long as it looks.
    List<String> missed =
        HistoryMutants.first().toList().parallelStream()
            .filter(mutant -> !isCaught(mutant, directory.resolve(mutant.caughtBy())))
            .map(mutant -> mutant.caughtBy() + " in " + mutant)
            .toList();
    assertThat(missed).as("mutants that were not caught").isEmpty();
  }

  private static boolean isCaught(Mutant mutant, Path directory) {
    try {
      String failure =
          HistoryChild.failure(
              mutant.compile(directory), directory, mutant.caughtBy(), UNTIL_CAUGHT, 1);
      System.out.printf("%s, %s: %s%n", mutant.caughtBy(), mutant, summary(failure));
      return failure != null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String summary(String failure) {
    return failure == null ? "not caught" : failure.strip().lines().findFirst().orElse("");
  }

  @Test
  void child_withoutAMutant_findsNothing(@TempDir Path directory) throws Exception {
    assertThat(HistoryChild.failure(directory, directory, "BULKHEAD", SCENARIOS, 1)).isNull();
  }
}
