package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.InvalidInputException;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelSlot;
import dev.inflight.ModelUnavailableException;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What kills or fails ONNX Runtime's JVM elsewhere does not here. */
class NativeGuardsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @Test
  void swap_whileManyThreadsPredict_neverCrashes() {
    ChildJvm.Result result = new ChildJvm().run(ChildMains.Swaps.class, PATIENCE);
    assertAlive(result);
    assertThat(result.output()).containsPattern("swaps=[1-9]\\d* answers=[1-9]\\d+");
  }

  @Test
  void close_twice_isHarmless() {
    Lanes lanes = Lanes.of(1);
    Model<Tensors, Tensors> model = ChildMains.load("onnx/mlp");
    ModelSlot<Tensors, Tensors> slot = ModelSlot.of(model, lanes);
    Tensors row = ChildMains.row("onnx/mlp");
    slot.predictor().predict(row);
    slot.close();
    slot.close();
    assertThatThrownBy(() -> slot.predictor().predict(row))
        .isInstanceOf(ModelUnavailableException.class);
    model.validate(row);
    assertThat(model.info().runtime()).startsWith("onnxruntime ");
    lanes.close();
    lanes.close();
  }

  @ParameterizedTest
  @EnumSource(Exits.During.class)
  void exit_duringWork_isCleanThreeTimes(Exits.During during) {
    assertExits(during, 3);
  }

  /** F20. */
  @ParameterizedTest
  @EnumSource(Exits.During.class)
  @Tag("soak")
  void exit_duringWork_isClean67Times(Exits.During during) {
    assertExits(during, 67);
  }

  private static void assertExits(Exits.During during, int times) {
    long slowest = 0;
    for (int i = 0; i < times; i++) {
      ChildJvm.Result result = new ChildJvm().run(Exits.class, PATIENCE, during.name());
      assertAlive(result);
      assertThat(result.output()).as("child " + i).contains("exits").doesNotContain("failed");
      slowest = Math.max(slowest, result.endedAt() - exitAt(result));
    }
    System.out.println(
        "exit during " + during + ": " + times + " clean, slowest " + slowest + " ms");
    assertThat(slowest).isLessThan(5_000);
  }

  /** When the child called {@code System.exit}, in milliseconds since 1970. */
  private static long exitAt(ChildJvm.Result result) {
    Matcher said = Pattern.compile("exits at (\\d+)").matcher(result.output());
    assertThat(said.find()).as(result.output()).isTrue();
    return Long.parseLong(said.group(1));
  }

  @ParameterizedTest
  @ValueSource(ints = {9_500, 40_000})
  void start_longCommandLine_answers(int length) {
    ChildJvm.Result result =
        new ChildJvm().longClassPath(length).run(ChildMains.Predict.class, PATIENCE);
    assertAlive(result);
    assertThat(result.output()).contains("answered {label=");
  }

  /** 1.29.0 dies here without the big stack: its telemetry copies the command line to it. */
  @Test
  void start_longCommandLineWithTelemetry_answersAndWarnsOnce(@TempDir Path home) {
    ChildJvm.Result result =
        new ChildJvm()
            .withTelemetry(home)
            .longClassPath(12_000)
            .run(ChildMains.Predict.class, PATIENCE);
    assertAlive(result);
    assertThat(result.output()).contains("answered {label=");
    String[] version = System.getProperty("onnxruntime.version", "1.28.0").split("\\.", -1);
    if (Integer.parseInt(version[1]) >= 29) {
      assertThat(result.output()).containsOnlyOnce("ORT_DISABLE_TELEMETRY=1");
    } else {
      assertThat(result.output()).doesNotContain("ORT_DISABLE_TELEMETRY");
    }
  }

  @Test
  void start_secondClassLoader_warnsAndWorks() {
    ChildJvm.Result result = new ChildJvm().run(ChildMains.TwoLoaders.class, PATIENCE);
    assertAlive(result);
    assertThat(result.output()).containsOnlyOnce("loaded by two class loaders");
    assertThat(result.output().split("answered ", -1)).hasSize(3);
  }

  @Test
  void start_oneClassLoader_doesNotWarn() {
    ChildJvm.Result result = new ChildJvm().run(ChildMains.Predict.class, PATIENCE);
    assertAlive(result);
    assertThat(result.output()).contains("answered").doesNotContain("WARN", "two class loaders");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-Donnxruntime.native.onnxruntime.path=/nonexistent/libonnxruntime.so",
        "-Donnxruntime.native.onnxruntime.skip=true",
        "-Donnxruntime.native.onnxruntime4j_jni.skip=true"
      })
  void load_nativeLibraryMissing_saysSoEveryTime(String option) {
    ChildJvm.Result result = new ChildJvm().option(option).run(ChildMains.Predict.class, PATIENCE);
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.output())
        .contains("refused RUNTIME: onnxruntime cannot start on " + System.getProperty("os.name"))
        .contains("it said: ")
        .contains("again RUNTIME");
  }

  @Test
  void load_temporaryDirectoryWithoutExecution_saysWhatToDo() throws IOException {
    Path mounted = noexec();
    Path directory = Files.createTempDirectory(mounted, "inflight");
    try {
      ChildJvm.Result result =
          new ChildJvm()
              .option("-Djava.io.tmpdir=" + directory)
              .run(ChildMains.Predict.class, PATIENCE);
      assertThat(result.exit()).as(result.output()).isZero();
      assertThat(result.output())
          .contains("refused RUNTIME: ")
          .contains("the directory of java.io.tmpdir must allow execution");
    } finally {
      try (var walk = Files.walk(directory)) {
        for (Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(path);
        }
      }
    }
  }

  /** A writable file system that is mounted noexec, as many containers have at /dev/shm. */
  private static Path noexec() throws IOException {
    Path mounts = Path.of("/proc/self/mounts");
    Assumptions.assumeThat(mounts).as("only Linux lists its mounts there").exists();
    List<Path> found =
        Files.readAllLines(mounts).stream()
            .map(line -> line.split(" ", -1))
            .filter(parts -> parts[2].equals("tmpfs"))
            .filter(parts -> List.of(parts[3].split(",", -1)).contains("noexec"))
            .map(parts -> Path.of(parts[1]))
            .filter(path -> Files.isDirectory(path) && Files.isWritable(path))
            .filter(path -> path.toFile().getUsableSpace() > 64L << 20)
            .toList();
    Assumptions.assumeThat(found).as("writable noexec tmpfs of 64 MB").isNotEmpty();
    return found.get(0);
  }

  @Test
  void start_foreignEnvironmentFirst_isTolerated() {
    ChildJvm.Result result = new ChildJvm().run(ChildMains.ForeignEnvironment.class, PATIENCE);
    assertAlive(result);
    assertThat(result.output()).contains("answered {label=");
  }

  @ParameterizedTest
  @CsvSource({
    "zero-dim-lstm, x, 4/0/3",
    "zero-dim-lstm, x, 0/4/3",
    "zero-dim-gru, x, 0/2/3",
    "zero-dim-gru, x, 2/0/3",
    "zero-dim-topk, x, 0/4",
    "zero-dim-topk, x, 4/0"
  })
  void predict_zeroDimension_isRefusedInJava(String name, String input, String dims) {
    long[] shape = List.of(dims.split("/", -1)).stream().mapToLong(Long::parseLong).toArray();
    assertRefused(name, Tensors.of(input, MalformedRows.tensor(DataType.FLOAT32, shape)));
  }

  @Test
  void predict_zeroDimensionsOfEinsum_areRefusedInJava() {
    for (int axis = 0; axis < 4; axis++) {
      long[] a = {2, 2, 2, 2};
      a[axis] = 0;
      assertRefused(
          "zero-dim-einsum",
          Tensors.of("a", MalformedRows.tensor(DataType.FLOAT32, a))
              .and("b", MalformedRows.tensor(DataType.FLOAT32, a)));
    }
  }

  private static void assertRefused(String name, Tensors row) {
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot =
            ModelSlot.of(ChildMains.load("onnx-special/" + name), lanes)) {
      assertThatThrownBy(() -> slot.predictor().predict(row))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll(name + " v1", "expected no zero dimension, got [");
    }
  }

  private static void assertAlive(ChildJvm.Result result) {
    assertThat(result.exit()).as(result.output()).isZero();
    assertThat(result.crashFile()).as("hs_err file").isFalse();
  }
}
