package dev.inflight.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FiguresTest {
  private static Result single(String variant, double ratio) {
    return new Result(
        "single", "onnx", "m0", 1, variant, Map.of("ratio", ratio, "bytes", 590.0, "p10", ratio));
  }

  private static final Results RESULTS =
      new Results(
          List.of(
              single("ORT, all reused", 1),
              single("Inflight, codec", 1.2),
              single("DJL", 6),
              new Result("concurrency", "blocking", "m3", 16, "direct", Map.of("rate", 10.0)),
              new Result(
                  "concurrency",
                  "blocking",
                  "m3",
                  16,
                  "Inflight",
                  Map.of("rate", 26.0, "rateRatio", 2.6, "p50", 100.0, "p99", 150.0))));

  @Test
  void table_someResults_passMissOrNotMeasured() {
    String table = new Figures(RESULTS).table().toString();

    assertThat(table)
        .contains("| m0, one row | CPU against ORT all reused <= 1.15 | 1.200 | MISS |")
        .contains("| m0, one row | bytes a call <= 600 | 590 | pass |")
        .contains("| m0, one row | CPU of DJL against ours >= 3.5 | 5.000 | pass |")
        .contains("| m3, 16 callers | ops of direct >= 2.5 | 2.600 | pass |")
        .contains("| m3, 16 callers | p99 against p50 <= 2 | 1.500 | pass |")
        .contains("| m3, 64 callers | ops of direct >= 2.5 | - | not measured |");
    assertThat(new Figures(RESULTS).summary()).startsWith("4 pass, 1 miss, ");
  }

  @Test
  void parse_line_isTheSameResult() {
    for (Result result : RESULTS.all()) {
      assertThat(Result.parse(result.line())).isEqualTo(result);
    }
  }

  @Test
  void write_someSections_leavesOtherPagesAlone(@TempDir Path directory) throws Exception {
    Path bulk = Files.writeString(directory.resolve("bulk.md"), "kept");

    new Report(RESULTS, "a machine", "versions", false).write(directory);

    assertThat(bulk).hasContent("kept");
    assertThat(directory.resolve("README.md")).content().contains("a machine", "## Figures");
    assertThat(directory.resolve("single-call.md"))
        .content()
        .contains("| m0 identity, 1 | Inflight, codec | 1.20 | - | 1.20 | 590 |");
  }
}
