package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.ModelArtifact;
import dev.inflight.files.OwnerOnly;
import dev.inflight.repository.Versions;
import dev.inflight.repository.Versions.State;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Processes that share a small cache, so that each removes what another added, and are killed
 * anywhere.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class CacheProcessesTest extends CacheFixture {
  private static final int VERSIONS = 10;
  private static final int WEIGHTS = 200_000;
  private static final int TOKENIZER = 300_000;

  /** Four versions and what they share. */
  private static final long MAX_BYTES = TOKENIZER + 4 * WEIGHTS + 1_000;

  /** Each is some seconds; {@code -Dinflight.kills=50} kills more often. */
  private static final int KILLS = Integer.getInteger("inflight.kills", 2);

  private static final int THREADS = 3;
  private static final int FETCHES = 25;

  private static FakeSource full(FakeSource source) {
    for (int i = 1; i <= VERSIONS; i++) {
      source.publish(String.valueOf(i), FakeSource.version(i, WEIGHTS, TOKENIZER));
    }
    return source;
  }

  /** Fetches any versions until it is killed, and prints a line for each. */
  static final class Other {
    private Other() {}

    @SuppressWarnings("SystemOut") // how the parent hears of it
    public static void main(String... arguments) throws Exception {
      FakeSource source = full(new FakeSource());
      Path directory = Path.of(arguments[0]);
      Path target = Path.of(arguments[1]);
      Random random = new Random(Long.parseLong(arguments[2]));
      CachedRepository cache = CachedRepository.of(source, directory).withMaxBytes(MAX_BYTES);
      try {
        while (true) {
          String version = String.valueOf(1 + random.nextInt(VERSIONS));
          cache.versions(MODEL);
          Files.createDirectories(target);
          ModelArtifact artifact = cache.fetch(MODEL, source.entries.get(version), target);
          assertWhole(artifact, version, target, source.files.get(version));
          OwnerOnly.delete(target);
          System.out.println("fetched " + version);
        }
      } catch (Throwable e) {
        e.printStackTrace(System.out);
        System.out.println("failed");
        Runtime.getRuntime().halt(1);
      }
    }
  }

  private Process start(String target, long seed) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Other.class.getName());
    command.addAll(List.of(directory.toString(), home.resolve(target).toString()));
    command.add(String.valueOf(seed));
    return new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.appendTo(home.resolve("errors").toFile()))
        .start();
  }

  private static void await(BufferedReader output, int lines) throws IOException {
    for (int i = 0; i < lines; i++) {
      String line = output.readLine();
      if (line == null || !line.startsWith("fetched ")) {
        throw new AssertionError(line + "\n" + String.join("\n", output.lines().toList()));
      }
    }
  }

  @Test
  void fetch_processesThatShareAndAreKilled_isAlwaysWhole() throws Exception {
    long seed = System.nanoTime();
    System.out.println("processes seed " + seed);
    Random random = new Random(seed);
    full(source);
    for (int kill = 0; kill < KILLS; kill++) {
      Process one = start("one" + kill, random.nextLong());
      Process two = start("two" + kill, random.nextLong());
      try (BufferedReader ofOne = reader(one);
          BufferedReader ofTwo = reader(two)) {
        await(ofOne, 3 + random.nextInt(10));
        await(ofTwo, 3);
        one.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
        await(ofTwo, 12 + random.nextInt(10));
      } finally {
        one.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
        two.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
      }
      assertUsable("seed " + seed + ", kill " + kill);
    }
    assertThat(complaints(Files.readString(home.resolve("errors")).lines().toList())).isEmpty();
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private void assertUsable(String as) throws IOException {
    source.away = true;
    CachedRepository cache = open().withMaxBytes(MAX_BYTES);
    Versions left = cache.versions(MODEL);
    assertThat(left.entries()).as(as).hasSize(VERSIONS);
    int whole = 0;
    for (Versions.Entry entry : left.entries()) {
      if (entry.state() == State.AVAILABLE) {
        fetch(cache, entry.version());
        whole++;
      }
    }
    assertThat(whole).as(as).isBetween(1, 4);
    source.away = false;
    for (Map.Entry<String, Versions.Entry> each : source.entries.entrySet()) {
      fetch(cache, each.getKey());
    }
    assertThat(objectBytes()).as(as).isLessThanOrEqualTo(MAX_BYTES);
    assertThat(below(directory.resolve("drafts"))).as(as).isEmpty();
    assertThat(complaints(logged())).as(as).isEmpty();
  }

  /** Whoever finds something missing fetches it again: it works, and must not have happened. */
  private static List<String> complaints(List<String> log) {
    return log.stream()
        .filter(line -> line.contains("WARN"))
        .filter(line -> !line.contains("no route to the source"))
        .toList();
  }

  @Test
  void fetch_threadsThatShare_isAlwaysWholeAndFindsNothingMissing() throws Exception {
    long seed = System.nanoTime();
    System.out.println("threads seed " + seed);
    full(source);
    List<CachedRepository> caches =
        List.of(open().withMaxBytes(MAX_BYTES), open().withMaxBytes(MAX_BYTES));
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Random random = new Random(seed + i);
        CachedRepository cache = caches.get(i % 2);
        Path target = home.resolve("thread" + i);
        all.add(
            threads.submit(
                () -> {
                  for (int fetch = 0; fetch < FETCHES; fetch++) {
                    String version = String.valueOf(1 + random.nextInt(VERSIONS));
                    Files.createDirectories(target);
                    ModelArtifact artifact = cache.fetch(MODEL, entry(version), target);
                    assertWhole(artifact, version, target, source.files.get(version));
                    OwnerOnly.delete(target);
                  }
                  return null;
                }));
      }
      for (Future<?> each : all) {
        each.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(complaints(logged())).isEmpty();
    assertThat(objectBytes()).isLessThanOrEqualTo(MAX_BYTES);
  }
}
