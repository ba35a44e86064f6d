package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What ONNX Runtime's Java binding answers right in the ONNX backend suite, we do. Children run the
 * cases, because some kill the process.
 */
@Tag("interop")
class ConformanceTest {
  private static final int CASES_PER_CHILD = 100;

  @Test
  void backendSuite_everyCaseThatOrtJavaPasses_passes() throws IOException {
    String root = System.getProperty("inflight.onnx.conformance", "");
    Assumptions.assumeThat(root)
        .as("inflight.onnx.conformance: onnx/backend/test/data")
        .isNotEmpty();
    Assumptions.assumeThat(Path.of(root)).isDirectory();
    List<Path> cases = new ArrayList<>();
    for (Path group : CaseFiles.directories(Path.of(root), "")) {
      String name = group.getFileName().toString();
      if (name.equals("node") || name.equals("simple") || name.startsWith("pytorch-")) {
        CaseFiles.directories(group, "").stream()
            .filter(directory -> Files.exists(directory.resolve("model.onnx")))
            .forEach(cases::add);
      }
    }
    Map<String, String> raw = new TreeMap<>();
    Map<String, String> ours = new TreeMap<>();
    for (int from = 0; from < cases.size(); ) {
      int to = Math.min(from + CASES_PER_CHILD, cases.size());
      from += run(cases.subList(from, to), raw, ours);
    }
    List<String> worse = new ArrayList<>();
    List<String> better = new ArrayList<>();
    raw.forEach(
        (name, verdict) -> {
          String mine = ours.getOrDefault(name, "not run");
          if (verdict.equals("pass") && !mine.equals("pass")) {
            worse.add(name + ": " + mine);
          } else if (!verdict.equals("pass") && mine.equals("pass")) {
            better.add(name + ": " + verdict);
          }
        });
    System.out.printf(
        "ONNX backend suite: %d cases, ORT Java passes %d, we pass %d, only we %d, killed %d%n",
        cases.size(), passes(raw), passes(ours), better.size(), killed(raw) + killed(ours));
    assertThat(cases).hasSizeGreaterThan(1000);
    assertThat(raw).hasSameSizeAs(cases);
    assertThat(worse).isEmpty();
  }

  private static long passes(Map<String, String> verdicts) {
    return verdicts.values().stream().filter("pass"::equals).count();
  }

  private static long killed(Map<String, String> verdicts) {
    return verdicts.values().stream().filter(verdict -> verdict.startsWith("killed")).count();
  }

  /** Returns how many cases are done: fewer than given, if one killed the child. */
  private static int run(List<Path> cases, Map<String, String> raw, Map<String, String> ours)
      throws IOException {
    Path list = Files.createTempFile("cases", ".txt");
    Files.write(list, cases.stream().map(Path::toString).toList());
    ChildJvm.Result result =
        new ChildJvm().run(ConformanceMain.class, Duration.ofMinutes(5), list.toString());
    Files.delete(list);
    int done = 0;
    String current = "";
    boolean complete = false;
    for (String line : result.output().split("\n", -1)) {
      if (line.startsWith("case ")) {
        current = Path.of(line.substring(5)).getFileName().toString();
        raw.put(current, "killed by raw");
        done++;
      } else if (line.startsWith("raw ")) {
        raw.put(current, line.substring(4));
        ours.put(current, "killed by ours");
      } else if (line.startsWith("ours ")) {
        ours.put(current, line.substring(5));
      } else if (line.equals("done")) {
        complete = true;
      }
    }
    assertThat(done).as(result.output()).isPositive();
    assertThat(complete || done < cases.size() || ours.size() < raw.size() || result.exit() != 0)
        .as("child ended oddly: " + result.output())
        .isTrue();
    return done;
  }
}
