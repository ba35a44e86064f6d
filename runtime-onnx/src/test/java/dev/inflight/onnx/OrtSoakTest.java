package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * S1b, S1c, M1, M2: many swaps and many loads of real sessions, in a child that may die. Each in a
 * small form, and in its full one with the profile {@code soak}.
 */
class OrtSoakTest {
  private static final Pattern FIGURE = Pattern.compile("(\\w+)=([-+]?[\\d.]+)(?:/([\\d.]+))?");

  /** Two times what all figures below may take on a busy machine of two cores. */
  private static final Duration PATIENCE = Duration.ofMinutes(60);

  private static final double TINY_MIB = 16;
  private static final double LARGE_MIB = 32;
  private static final double MIB = 1024; // KiB

  @BeforeEach
  void requireProc() {
    Assumptions.assumeThat(Held.isCountable()).as("only Linux says what a process holds").isTrue();
  }

  private static ChildJvm jvm(String directMemory) {
    return new ChildJvm()
        .option("-Xms256m")
        .option("-XX:+AlwaysPreTouch")
        // Verified bytes are freed by collections, which nothing else makes often.
        .option("-XX:MaxDirectMemorySize=" + directMemory)
        // So are the classes that the JVM makes for method handles of bound codecs.
        .option("-XX:MaxMetaspaceSize=48m")
        .option("-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
  }

  private static Map<String, Double> child(Class<?> main, Object... arguments) {
    return figures(jvm("24m"), main, arguments);
  }

  /** In a JVM whose own memory is still: what grows is native. */
  private static Map<String, Double> reloads(int width, int loads, Reloads.Leak leak, int every) {
    ChildJvm still =
        jvm(width > 64 ? "24m" : "4m").option("-XX:+UseSerialGC").option("-XX:TieredStopAtLevel=1");
    return figures(still, Reloads.class, width, loads, leak, every);
  }

  /**
   * What the child printed: {@code name=number}, or two numbers, the second under {@code name2}.
   */
  private static Map<String, Double> figures(ChildJvm jvm, Class<?> main, Object... arguments) {
    String[] texts = new String[arguments.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = arguments[i].toString();
    }
    ChildJvm.Result result = jvm.run(main, PATIENCE, texts);
    System.out.println(
        main.getSimpleName() + " " + String.join(" ", texts) + ": " + result.output().strip());
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.crashFile()).as("hs_err file").isFalse();
    Map<String, Double> figures = new HashMap<>();
    Matcher figure = FIGURE.matcher(result.output());
    while (figure.find()) {
      figures.put(figure.group(1), Double.parseDouble(figure.group(2)));
      if (figure.group(3) != null) {
        figures.put(figure.group(1) + "2", Double.parseDouble(figure.group(3)));
      }
    }
    return figures;
  }

  // --- S1b ------------------------------------------------------------------------------------

  @Test
  void swap_underLoad_keepsEveryPromise() {
    Map<String, Double> seen = child(OrtSwaps.class, Integer.MAX_VALUE, 1, 6);
    assertPromises(seen);
    assertThat(seen.get("swaps")).isGreaterThan(30);
    assertThat(seen.get("answers")).isGreaterThan(1_000);
  }

  @Test
  @Tag("soak")
  void swap_20_000TimesUnderLoad_keepsEveryPromise() {
    Map<String, Double> seen = child(OrtSwaps.class, 20_000, 10_000_000, 3_000);
    assertPromises(seen);
    assertThat(seen.get("swaps")).isGreaterThanOrEqualTo(20_000);
    assertThat(seen.get("answers")).isGreaterThanOrEqualTo(10_000_000);
    assertThat(seen.get("growth")).isLessThanOrEqualTo(24 * MIB);
  }

  private static void assertPromises(Map<String, Double> seen) {
    assertThat(seen.get("violations")).isZero();
    assertThat(seen.get("left")).isZero();
    // What serves, what comes and what goes; more now and then, while the reaper waits for a core.
    assertThat(seen.get("most")).isLessThanOrEqualTo(32);
    assertThat(seen.get("over3")).isLessThanOrEqualTo(.2 * seen.get("swaps"));
  }

  // --- S1c ------------------------------------------------------------------------------------

  /** The figures are those of the full form with room for a machine that does other things too. */
  @Test
  void swap_ofOneModel_othersDoNotWait() {
    Map<String, Double> seen = child(Neighbours.class, 3, 75, false);
    assertThat(seen.get("swaps")).isPositive();
    assertThat(seen.get("others2")).isLessThanOrEqualTo(5 * seen.get("others") + 100);
    assertThat(seen.get("swapped2")).isLessThanOrEqualTo(5 * seen.get("swapped") + 100);
  }

  @Test
  @Tag("soak")
  void swap_ofOneModelForMinutes_othersDoNotNotice() {
    Map<String, Double> seen = child(Neighbours.class, 15, 2_500, false);
    assertThat(seen.get("others2")).isLessThanOrEqualTo(1.25 * seen.get("others") + 1);
    assertThat(seen.get("swapped2")).isLessThanOrEqualTo(2 * seen.get("swapped"));
  }

  /** The control of the test above. */
  @Test
  @Tag("soak")
  void swap_thatStopsEveryLane_isNoticed() {
    Map<String, Double> seen = child(Neighbours.class, 3, 750, true);
    assertThat(seen.get("others2")).isGreaterThan(1.25 * seen.get("others") + 1);
  }

  // --- M1 and M2 ------------------------------------------------------------------------------

  @Test
  void load_andUnload_memoryDoesNotGrow() {
    Map<String, Double> seen = reloads(64, 200, Reloads.Leak.NONE, 1);
    assertThat(seen.get("open")).isZero();
    assertThat(seen.get("growth")).isLessThanOrEqualTo(TINY_MIB * MIB);
  }

  /** The control of the test above, with the same limit. */
  @Test
  void load_andForget_isFound() {
    Map<String, Double> seen = reloads(64, 200, Reloads.Leak.MODEL, 1);
    assertThat(seen.get("open")).isEqualTo(200);
    assertThat(seen.get("growth")).isGreaterThan(TINY_MIB * MIB);
  }

  @ParameterizedTest
  @CsvSource({"1, 20000", "2048, 2000"})
  @Tag("soak")
  void load_andUnloadThousandsOfTimes_memoryDoesNotGrow(int width, int loads) {
    Map<String, Double> seen = reloads(width, loads, Reloads.Leak.NONE, 1);
    assertThat(seen.get("open")).isZero();
    double limit = (width == 1 ? TINY_MIB : LARGE_MIB) * MIB;
    assertThat(seen.get("growth")).isLessThanOrEqualTo(limit);
    assertThat(seen.get("growth")).isLessThanOrEqualTo(.1 * seen.get("early"));
    if (width == 1) {
      assertThat(seen.get("slope")).isLessThanOrEqualTo(.5); // KiB a load
    }
  }

  /** The control of the test above: the slope shows one leak in a hundred loads, or in each. */
  @ParameterizedTest
  @CsvSource({"MODEL, 100", "SESSION, 100", "TENSOR, 100", "RESULT, 1", "OPTIONS, 1"})
  @Tag("soak")
  void load_andForgetNowAndThen_isFound(Reloads.Leak leak, int every) {
    Map<String, Double> seen = reloads(1, 20_000, leak, every);
    assertThat(seen.get("slope")).isGreaterThan(.5);
  }

  // --- versions of a deployment ---------------------------------------------------------------

  @Test
  void deployment_manyVersions_leavesNothingBehind() {
    assertNothingLeft(child(ManyVersions.class, 30, false), 30);
  }

  /** The control of the test above: what every third leaves is seen. */
  @Test
  void deployment_versionsThatLeaveThings_isFound() {
    Map<String, Double> seen = child(ManyVersions.class, 30, true);
    assertThat(seen.get("open")).isEqualTo(7);
    assertThat(seen.get("staged")).isEqualTo(7);
    assertThat(seen.get("threads")).isGreaterThan(3);
    assertThat(seen.get("files")).isGreaterThan(3);
  }

  @Test
  @Tag("soak")
  void deployment_10_000Versions_leavesNothingBehind() {
    Map<String, Double> seen = child(ManyVersions.class, 10_000, false);
    assertNothingLeft(seen, 10_000);
    assertThat(seen.get("growth")).isLessThanOrEqualTo(LARGE_MIB * MIB);
    assertThat(seen.get("heap")).isLessThanOrEqualTo(64 * MIB);
  }

  private static void assertNothingLeft(Map<String, Double> seen, int versions) {
    assertThat(seen.get("loaded")).isEqualTo(versions);
    assertThat(seen.get("answers")).isPositive();
    assertThat(seen.get("failed")).isZero();
    assertThat(seen.get("open")).isZero();
    assertThat(seen.get("staged")).isZero();
    assertThat(seen.get("listed")).isLessThanOrEqualTo(6);
    // Pools of the library and of the JIT breathe.
    assertThat(seen.get("threads")).isLessThanOrEqualTo(3);
    assertThat(seen.get("files")).isLessThanOrEqualTo(3);
  }
}
