package dev.inflight.onnx;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs a main class of the test class path in a JVM of its own, which may die. */
final class ChildJvm {
  private final List<String> options = new ArrayList<>();
  private final Map<String, String> environment = new java.util.TreeMap<>();
  private String classPath = System.getProperty("java.class.path");

  /**
   * How a child ended. {@code exit} is -1 after a timeout; {@code endedAt} counts milliseconds as
   * {@link System#currentTimeMillis} does, which parent and child share.
   */
  record Result(int exit, String output, boolean crashFile, long endedAt) {}

  ChildJvm() {
    options.add("-Xmx256m");
    options.add("-Dinflight.root=" + System.getProperty("inflight.root"));
    options.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=info");
    environment.put("ORT_DISABLE_TELEMETRY", "1");
  }

  /** Lets ONNX Runtime start its telemetry, if it has any; its files go to {@code home}. */
  ChildJvm withTelemetry(Path home) {
    environment.put("ORT_DISABLE_TELEMETRY", "0");
    environment.put("HOME", home.toString());
    return this;
  }

  ChildJvm option(String option) {
    options.add(option);
    return this;
  }

  /** Adds entries until the class path has at least that many characters. */
  ChildJvm longClassPath(int length) {
    StringBuilder path = new StringBuilder(classPath);
    for (int i = 0; path.length() < length; i++) {
      path.append(File.pathSeparatorChar).append("/nowhere/" + "x".repeat(60)).append(i);
    }
    classPath = path.toString();
    return this;
  }

  Result run(Class<?> main, Duration timeout, String... arguments) {
    try {
      Path directory = Files.createTempDirectory("child");
      try {
        return run(directory, main, timeout, arguments);
      } finally {
        delete(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Result run(Path directory, Class<?> main, Duration timeout, String... arguments)
      throws IOException, InterruptedException {
    Path output = directory.resolve("output.txt");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    boolean ownTemp = options.stream().noneMatch(o -> o.startsWith("-Djava.io.tmpdir="));
    if (ownTemp) {
      command.add("-Djava.io.tmpdir=" + directory);
    }
    command.add("-XX:ErrorFile=" + directory.resolve("hs_err_child.log"));
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    boolean ended = process.waitFor(timeout.toSeconds(), TimeUnit.SECONDS);
    long endedAt = System.currentTimeMillis();
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    return new Result(
        ended ? process.exitValue() : -1,
        new String(Files.readAllBytes(output), java.nio.charset.StandardCharsets.UTF_8),
        Files.exists(directory.resolve("hs_err_child.log")),
        endedAt);
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
