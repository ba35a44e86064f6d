package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.SignalReport;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.files.SealedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A canary that is interrupted goes on with the evidence it had, or says why it does not. */
@Timeout(60)
class CanaryRestartTest extends CanaryFixture {
  private static final String FORMAT = "inflight state 1";

  /** Never done: 100 million pairs would be; and two that are equal are not rolled back. */
  private static final CanaryOptions LONG =
      ERRORS.with(Signal.ERRORS, new Margin(0, 1e-7)).withAlpha(.05, 1e-6);

  /** Enough: 515 pairs that fail together. */
  private static final CanaryOptions BRIEF = LONG.with(Signal.ERRORS, new Margin(0, .01));

  /** Whoever is promoted meanwhile fails where the caller expects it. */
  private static final String SAME_FAILURES = "seed=1 errors=.02 evil=0";

  @TempDir Path home;
  @TempDir Path crashed;

  private Deployment<Long, Object> start(Rollout rollout) {
    return model(root, rollout).home(home).start();
  }

  /** Version 1 serves, version 2 is compared, and has so many pairs at least. */
  private CanaryReport interrupted(CanaryOptions options, int pairs) throws Exception {
    return interrupted(options, pairs, "seed=2 errors=.02");
  }

  private CanaryReport interrupted(CanaryOptions options, int pairs, String candidate)
      throws Exception {
    publish("1", "seed=1 errors=.02");
    live = new ScriptedLoader.Script("seed=1 errors=.02");
    Deployment<Long, Object> model = start(Rollout.canary(options));
    try (model) {
      publish("2", candidate);
      awaitCanary(model, "2");
      driveUntilPairs(model, pairs);
    }
    events.clear();
    return model.status().canary().orElseThrow();
  }

  private void driveUntilPairs(Deployment<Long, Object> model, long pairs) {
    for (int i = 0; i < 100_000; i++) {
      if (model.status().canary().orElseThrow().pairs() >= pairs) {
        return;
      }
      for (int j = 0; j < 64; j++) {
        call(model, "1");
      }
    }
    throw new AssertionError("waiting for pairs: " + model.status());
  }

  private static CanaryReport report(Deployment<?, ?> model) {
    return model.status().canary().orElseThrow();
  }

  @Test
  void restart_inTheMiddle_goesOnWithTheEvidence() throws Exception {
    CanaryReport before = interrupted(LONG, 1_000);
    try (var model = start(Rollout.canary(LONG))) {
      assertThat(model.status().live().orElseThrow().version()).isEqualTo("1");
      awaitCanary(model, "2");
      assertThat(version(model, "2").reason())
          .isEqualTo("beside v1, goes on after " + before.pairs() + " pairs");
      CanaryReport after = report(model);
      assertThat(after.signals())
          .as("counts and e-values, to the last bit")
          .isEqualTo(before.signals());
      assertThat(after.attempt()).isEqualTo(1);
      assertThat(after.elapsed()).isGreaterThanOrEqualTo(before.elapsed());
      driveUntilPairs(model, before.pairs() + 1_000);
      SignalReport errors = report(model).signals().get(0);
      assertThat(errors.worse()).isGreaterThan(before.signals().get(0).worse());
      assertThat(errors.units()).isBetween(before.pairs() + 1_000, before.pairs() + 10_000);
    }
    assertNothingLeft();
  }

  @Test
  void restart_twice_promotesAsIfThereHadBeenNone() throws Exception {
    long pairs = interrupted(BRIEF, 64, SAME_FAILURES).pairs();
    Deployment<Long, Object> second = start(Rollout.canary(BRIEF));
    try (second) {
      awaitCanary(second, "2");
      driveUntilPairs(second, pairs + 64);
    }
    try (var model = start(Rollout.canary(BRIEF.withDeadline(1_000_000, BRIEF.deadline())))) {
      awaitCanary(model, "2");
      drive(model, "live 2 after 1");
      CanaryReport last = report(model);
      assertThat(last.verdict()).isEqualTo(Verdict.PROMOTE);
      assertThat(last.attempt()).isEqualTo(1);
    }
    assertThat(memory().trials()).as("not needed again").isEmpty();
    assertNothingLeft();
  }

  private Memory memory() throws IOException {
    return MemoryRecords.memory(SealedFile.read(home.resolve("model/state"), FORMAT));
  }

  /** What is on disk at any moment is what a killed process leaves. */
  @Test
  void crash_inTheMiddle_losesTheLastSecondsOnly() throws Exception {
    publish("1", "seed=1 errors=.02");
    live = new ScriptedLoader.Script("seed=1 errors=.02");
    long written = 0;
    try (var model = start(Rollout.canary(LONG))) {
      publish("2", "seed=2 errors=.02");
      awaitCanary(model, "2");
      long end = System.nanoTime() + 20_000_000_000L;
      while (pairs(home.resolve("model/state")) < 500 && System.nanoTime() < end) {
        driveUntilPairs(model, report(model).pairs() + 64);
      }
      copyHome();
      written = pairs(crashed.resolve("model/state"));
      assertThat(written).isBetween(500L, report(model).pairs());
    }
    events.clear();
    try (var model = model(root, Rollout.canary(LONG)).home(crashed).start()) {
      awaitCanary(model, "2");
      assertThat(version(model, "2").reason())
          .isEqualTo("beside v1, goes on after " + written + " pairs");
      assertThat(report(model).pairs()).isEqualTo(written);
      assertThat(report(model).attempt()).isEqualTo(1);
    }
    assertNothingLeft();
  }

  private static long pairs(Path state) throws IOException {
    if (!Files.exists(state)) {
      return 0;
    }
    Map<String, Map<String, String>> trials =
        MemoryRecords.memory(SealedFile.read(state, FORMAT)).trials();
    String counts =
        trials.values().stream().findFirst().map(trial -> trial.get("ERRORS.counts")).orElse("0");
    return Stream.of(counts.split(",", -1)).mapToLong(Long::parseLong).sum();
  }

  /**
   * The copy of version 1, which was there before the evidence of a canary beside it, and then the
   * state, which is replaced at once.
   */
  private void copyHome() throws IOException {
    Path versions = home.resolve("model/versions");
    try (Stream<Path> walk = Files.walk(versions)) {
      for (Path from : (Iterable<Path>) walk::iterator) {
        Path to = crashed.resolve(home.relativize(from).toString());
        if (Files.isDirectory(from)) {
          Files.createDirectories(to);
        } else {
          Files.write(to, Files.readAllBytes(from));
        }
      }
    }
    Files.write(crashed.resolve("model/state"), Files.readAllBytes(home.resolve("model/state")));
  }

  private void assertAnew(Rollout rollout, String version, String why, int attempt)
      throws Exception {
    try (var model = start(rollout)) {
      awaitCanary(model, version);
      assertThat(version(model, version).reason()).contains(", anew: " + why);
      CanaryReport report = report(model);
      assertThat(report.pairs()).isZero();
      assertThat(report.attempt()).isEqualTo(attempt);
      assertThat(report.verdict()).isEqualTo(Verdict.PENDING);
    }
    assertNothingLeft();
  }

  @Test
  void restart_otherOptions_beginsAnewAndSaysSo() throws Exception {
    interrupted(LONG, 200);
    assertAnew(
        Rollout.canary(LONG.withAlpha(.1, .01)),
        "2",
        "the evidence kept is on other terms: {ERRORS=Margin[tolerated=0.0, excluded=1.0E-7]},"
            + " promotion at 0.05, rollback at 1.0E-6",
        2);
  }

  @Test
  void restart_otherTolerance_beginsAnewAndSaysSo() throws Exception {
    interrupted(LONG, 200);
    assertAnew(
        Rollout.canary(LONG).withTolerance(Tolerance.ulps(2)),
        "2",
        "the evidence kept is on other terms",
        2);
  }

  @Test
  void restart_otherLiveVersion_beginsAnewAndSaysSo() throws Exception {
    interrupted(LONG, 200);
    publish("0", "seed=0 errors=.02");
    model(root, Rollout.immediate()).policy(VersionPolicy.exactly("0")).home(home).start().close();
    events.clear();
    assertAnew(
        Rollout.canary(LONG), "2", "the evidence kept is against other content than that of v0", 2);
  }

  @Test
  void restart_otherCandidate_beginsAnewAndSaysSo() throws Exception {
    interrupted(LONG, 200);
    publish("3", "seed=3 errors=.02");
    assertAnew(Rollout.canary(LONG), "3", "the evidence kept is of another candidate", 1);
  }

  @Test
  void restart_damagedState_servesAndSaysWhatIsLost() throws Exception {
    publish("1", "seed=1");
    start(Rollout.canary(LONG)).close();
    Path state = home.resolve("model/state");
    byte[] bytes = Files.readAllBytes(state);
    bytes[bytes.length / 2] ^= 1;
    Files.write(state, bytes);
    try (var model = start(Rollout.canary(LONG))) {
      assertThat(version(model, "1").state()).isEqualTo(State.LIVE);
      assertThat(version(model, "1").reason()).startsWith("what was kept was damaged: expected");
      publish("2", "seed=2");
      awaitCanary(model, "2");
      assertThat(version(model, "2").reason())
          .startsWith("beside v1, anew: what was kept was damaged: expected");
    }
    assertNothingLeft();
  }

  @Test
  void restart_evidenceThatIsNone_beginsAnewAndSaysSo() throws Exception {
    interrupted(LONG, 200);
    Memory memory = memory();
    String identity = memory.trials().keySet().iterator().next();
    Map<String, String> state = new HashMap<>(memory.trials().get(identity));
    state.put("ERRORS.counts", "1,2");
    List<List<String>> records = MemoryRecords.of(memory.withTrial(identity, state));
    SealedFile.write(home.resolve("model"), "state", FORMAT, records);
    assertAnew(
        Rollout.canary(LONG),
        "2",
        "the evidence kept cannot be read: ERRORS.counts: expected 3 counts, got 2",
        2);
  }

  /** The repository no longer has what served last: its copy does, so the candidate waits. */
  @Test
  void restart_lastVersionGoneFromTheRepository_isStillWhatTheNextIsComparedWith()
      throws Exception {
    long pairs = interrupted(LONG, 200).pairs();
    Files.delete(root.resolve("model/1/model.txt"));
    Files.delete(root.resolve("model/1"));
    Files.delete(root.resolve("model/1.sha256"));
    try (var model = start(Rollout.canary(LONG))) {
      assertThat(model.status().live().orElseThrow().version()).isEqualTo("1");
      awaitCanary(model, "2");
      assertThat(version(model, "2").reason())
          .isEqualTo("beside v1, goes on after " + pairs + " pairs");
    }
    assertNothingLeft();
  }

  @Test
  void restart_withoutAHome_beginsAsIfNew() throws Exception {
    publish("1", "seed=1");
    try (var model = model(root, Rollout.canary(LONG)).start()) {
      publish("2", "seed=2");
      awaitCanary(model, "2");
      assertThat(version(model, "2").reason()).isEqualTo("beside v1");
    }
    try (var model = model(root, Rollout.canary(LONG)).start()) {
      assertThat(model.status().live().orElseThrow().version()).isEqualTo("2");
    }
    assertNothingLeft();
  }
}
