package dev.inflight.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class RoundsTest {
  private static Round round(double rate, double foreign) {
    return new Round(rate, 1, 2, 3, 4, foreign, 0, 0);
  }

  @Test
  void values_disturbedRound_isLeftOutWhereThereAreOthers() {
    Rounds rounds =
        new Rounds(
            List.of(round(20, 0), round(1, 0.9), round(30, 0.1)),
            List.of(round(10, 0), round(10, 0), round(10, 0)));

    assertThat(rounds.values())
        .containsEntry("rate", 25.0)
        .containsEntry("rateRatio", 2.5)
        .containsEntry("disturbed", 1.0);
  }

  @Test
  void values_pairDisturbedOnTheOtherSide_isLeftOutOfTheRatio() {
    Rounds rounds =
        new Rounds(List.of(round(20, 0), round(20, 0)), List.of(round(10, 0), round(1, 0.5)));

    assertThat(rounds.values()).containsEntry("rateRatio", 2.0).containsEntry("disturbed", 0.0);
  }

  @Test
  void values_everyRoundDisturbed_allCount() {
    Rounds rounds =
        new Rounds(
            List.of(round(20, 0.5), round(40, 0.5)), List.of(round(10, 0.5), round(10, 0.5)));

    assertThat(rounds.values()).containsEntry("rate", 30.0).containsEntry("rateRatio", 3.0);
  }
}
