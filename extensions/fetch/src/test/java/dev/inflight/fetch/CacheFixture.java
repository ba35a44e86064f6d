package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.ModelArtifact;
import dev.inflight.repository.Versions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A source, a cache of it, room to fetch into, and what is logged. */
@Timeout(60)
abstract class CacheFixture {
  static final String MODEL = FakeSource.MODEL;

  @TempDir Path home;
  final FakeSource source = new FakeSource();
  Path directory;
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final PrintStream before = System.err;
  private int targets;

  @BeforeEach
  void begin() {
    directory = home.resolve("cache");
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void end() {
    System.setErr(before);
  }

  /** Versions of 10 kB, and 5 kB that all of them have. */
  void publish(int... numbers) {
    for (int number : numbers) {
      source.publish(String.valueOf(number), FakeSource.version(number, 10_000, 5_000));
    }
  }

  /** {@return as another process has it} */
  CachedRepository open() {
    return CachedRepository.of(source, directory);
  }

  List<String> logged() {
    return log.toString(StandardCharsets.UTF_8).lines().toList();
  }

  Versions.Entry entry(String version) {
    return source.entries.get(version);
  }

  Path target() throws IOException {
    return Files.createDirectories(home.resolve("targets").resolve("t" + ++targets));
  }

  /** Fetches it, and looks at every byte. */
  Path fetch(CachedRepository cache, String version) throws IOException {
    Path target = target();
    ModelArtifact artifact = cache.fetch(MODEL, entry(version), target);
    assertWhole(artifact, version, target, source.files.get(version));
    return target;
  }

  static void assertWhole(
      ModelArtifact artifact, String version, Path target, Map<String, byte[]> files)
      throws IOException {
    assertThat(artifact.label()).isEqualTo(MODEL + " v" + version);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      assertThat(target.resolve(file.getKey())).hasBinaryContent(file.getValue());
    }
    ModelArtifact asItIs = ModelArtifact.of(MODEL, version, target);
    assertThat(artifact.files()).isEqualTo(asItIs.files());
    assertThat(artifact.files().keySet()).isEqualTo(files.keySet());
  }

  static Set<Path> below(Path top) throws IOException {
    if (!Files.exists(top)) {
      return Set.of();
    }
    try (Stream<Path> walk = Files.walk(top)) {
      return walk.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  Set<Path> objects() throws IOException {
    return below(directory.resolve("objects"));
  }

  long objectBytes() throws IOException {
    long bytes = 0;
    for (Path object : objects()) {
      bytes += Files.size(object);
    }
    return bytes;
  }

  Path object(byte[] content) {
    return new CacheReader(directory, true)
        .object(java.util.HexFormat.of().formatHex(Hashing.digest("SHA-256").digest(content)));
  }

  static void assertSame(Versions got, Versions expected) {
    assertThat(got.entries()).isEqualTo(expected.entries());
    assertThat(got.aliases()).isEqualTo(expected.aliases());
  }

  static Versions.State state(Versions versions, String version) {
    return versions.entries().stream()
        .filter(entry -> entry.version().equals(version))
        .findFirst()
        .orElseThrow()
        .state();
  }
}
