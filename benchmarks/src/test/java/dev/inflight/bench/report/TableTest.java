package dev.inflight.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

final class TableTest {
  @Test
  void toString_rows_areMarkdown() {
    Table table = new Table("model", "us").row("m0", "1.25").row("a|b", "2");

    assertThat(table.toString())
        .isEqualTo("| model | us |\n|---|---|\n| m0 | 1.25 |\n| a\\|b | 2 |\n");
  }

  @Test
  void row_wrongNumberOfCells_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Table("a", "b").row("1"))
        .withMessage("row: expected 2 cells, got 1");
  }

  @Test
  void number_anySize_hasAboutThreeDigits() {
    assertThat(Table.number(0)).isEqualTo("0");
    assertThat(Table.number(0.0123)).isEqualTo("0.012");
    assertThat(Table.number(1.234)).isEqualTo("1.23");
    assertThat(Table.number(12.34)).isEqualTo("12.3");
    assertThat(Table.number(123.4)).isEqualTo("123");
    assertThat(Table.number(Double.NaN)).isEqualTo("-");
  }

  @Test
  void time_anySize_hasTheUnitThatSuits() {
    assertThat(Table.time(12)).isEqualTo("12.0 us");
    assertThat(Table.time(1500)).isEqualTo("1.50 ms");
    assertThat(Table.time(2_000_000)).isEqualTo("2.00 s");
    assertThat(Table.rate(12_345)).isEqualTo("12.3k");
  }
}
