package dev.inflight.deploy;

import dev.inflight.ModelArtifact;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A home, versions to keep in it, and what was warned of. */
@Timeout(60)
abstract class HomeFixture {
  static final Instant NOON = Instant.parse("2026-03-01T12:00:00.123456789Z");

  /** Everything that a line, a field or an encoding may trip over. */
  static final String ODD = "a\tb\r\n\n\\n \\000a \0 é 漢 \uD83D\uDE00 \uD83D half sha256 =#\u2028";

  @TempDir Path root;
  @TempDir Path source;
  private final List<Home> opened = new ArrayList<>();
  private String warned = "";

  @AfterEach
  void closeAll() {
    opened.forEach(Home::close);
  }

  Home open() throws IOException {
    Home home = Home.open(root, "iris");
    opened.add(home);
    return home;
  }

  /** Closes what was opened last, and opens it as the next process would. */
  Home reopen() throws IOException {
    closeAll();
    return open();
  }

  Path inside(String path) {
    return root.resolve("iris").resolve(path);
  }

  /** A version with a file at the top and one below, in a directory of its own. */
  ModelArtifact artifact(String version) throws IOException {
    Path directory = directory(version);
    Files.createDirectories(directory.resolve("assets"));
    Files.writeString(directory.resolve("model.onnx"), "model " + version);
    Files.writeString(directory.resolve("assets/labels.txt"), "a,b");
    return ModelArtifact.of("iris", version, directory);
  }

  Path directory(String version) {
    return source.resolve(version);
  }

  static Memory.Good good(ModelArtifact artifact) {
    return new Memory.Good(artifact.version(), artifact.digest(), NOON);
  }

  static Memory odd() {
    return new Memory(
            Optional.of(new Memory.Good(ODD, "0f".repeat(32), Instant.MAX)),
            Map.of(),
            Map.of(),
            Map.of())
        .withRejected(ODD, new Memory.Rejected("2", ODD, Instant.MIN))
        .withRejected("", new Memory.Rejected("", "", NOON))
        .withAttempts(ODD, Integer.MAX_VALUE)
        .withAttempts("x", 1)
        .withTrial("empty", Map.of())
        .withTrial(ODD, Map.of("", "", ODD, ODD, "k", "trial"));
  }

  /** Runs something and collects the warnings. */
  <T> T warning(Callable<T> task) throws Exception {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setErr(captured);
      return task.call();
    } finally {
      System.setErr(before);
      warned = bytes.toString(StandardCharsets.UTF_8);
    }
  }

  /** The warnings of the last {@link #warning}, one a line. */
  List<String> warnings() {
    return warned.lines().filter(line -> line.contains("WARN")).toList();
  }

  /** Every path below the home, but those that are always there. */
  List<String> left() throws IOException {
    try (Stream<Path> walk = Files.walk(inside(""))) {
      return walk.map(path -> inside("").relativize(path).toString())
          .filter(path -> !List.of("", "lock", "versions").contains(path))
          .sorted()
          .toList();
    }
  }
}
