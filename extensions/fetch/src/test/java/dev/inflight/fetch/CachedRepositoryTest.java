package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.inflight.ModelArtifact;
import dev.inflight.files.OwnerOnly;
import dev.inflight.repository.Versions;
import dev.inflight.repository.Versions.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Sources that are away, and caches that are small. */
class CachedRepositoryTest extends CacheFixture {
  private static final int KB = 1_000;

  @Test
  void versions_sourceAway_areTheLastOnesAndWhatIsNotHereIsPending() throws Exception {
    publish(1, 2);
    source.aliases.put("champion", "2");
    Instant begin = Instant.now();
    CachedRepository cache = open();
    Versions found = cache.versions(MODEL);
    Instant end = Instant.now();
    assertSame(found, source.versions(MODEL));
    assertThat(found.asOf().orElseThrow()).isBetween(begin, end);
    fetch(cache, "1");
    source.away = true;
    for (CachedRepository each : List.of(cache, open())) {
      Versions then = each.versions(MODEL);
      assertThat(then.entries()).hasSize(2).contains(entry("1"));
      assertThat(then.entries().get(1))
          .isEqualTo(
              new Versions.Entry(
                  "2", "", State.PENDING, "not in the cache, and its source cannot be reached"));
      assertThat(then.aliases()).isEqualTo(Map.of("champion", "2"));
      assertThat(then.asOf()).isEqualTo(found.asOf());
      fetch(each, "1");
    }
    source.away = false;
    publish(3);
    assertSame(cache.versions(MODEL), source.versions(MODEL));
  }

  @Test
  void versions_sourceNeverHeard_cannotBeHad() {
    source.away = true;
    assertThatThrownBy(() -> open().versions(MODEL))
        .isInstanceOf(IOException.class)
        .hasMessage("no route to the source");
    assertThat(directory).doesNotExist();
    assertThat(logged()).isEmpty();
  }

  @Test
  void versions_sourceThrowsWhatItShouldNot_passesItOn() throws Exception {
    publish(1);
    open().versions(MODEL);
    CachedRepository broken =
        CachedRepository.of(
            new dev.inflight.repository.ModelRepository() {
              @Override
              public Versions versions(String model) {
                throw new IllegalStateException("token expired");
              }

              @Override
              public dev.inflight.ModelArtifact fetch(
                  String model, Versions.Entry version, Path target) {
                throw new IllegalStateException("token expired");
              }
            },
            directory);
    assertThatThrownBy(() -> broken.versions(MODEL)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void versions_manyPollsWhileAway_areToldOnceEachWay() throws Exception {
    publish(1);
    CachedRepository cache = open();
    for (int outage = 0; outage < 2; outage++) {
      source.away = false;
      for (int i = 0; i < 100; i++) {
        cache.versions(MODEL);
      }
      source.away = true;
      for (int i = 0; i < 100; i++) {
        cache.versions(MODEL);
      }
    }
    assertThat(logged()).as("one for each outage").hasSize(2);
    assertThat(logged().get(0)).contains("cannot be reached", "no route to the source");
  }

  /** Disks of devices wear: a poll a second is 86,400 a day. */
  @Test
  void versions_sameAnswer_isWrittenOnce() throws Exception {
    assumeTrue(home.getFileSystem().supportedFileAttributeViews().contains("unix"));
    publish(1);
    CachedRepository cache = open();
    cache.versions(MODEL);
    Path listing = below(directory.resolve("listings")).iterator().next();
    Object written = Files.readAttributes(listing, "unix:ino").get("ino");
    for (int i = 0; i < 100; i++) {
      cache.versions(MODEL);
    }
    assertThat(Files.readAttributes(listing, "unix:ino").get("ino")).isEqualTo(written);
    publish(2);
    cache.versions(MODEL);
    source.away = true;
    assertThat(open().versions(MODEL).entries()).hasSize(2);
  }

  @Test
  void fetch_cached_asksTheSourceForNothing() throws Exception {
    publish(1);
    CachedRepository cache = open();
    fetch(cache, "1");
    assertThat(source.fetches).hasValue(1);
    source.away = true;
    Path target = fetch(cache, "1");
    OwnerOnly.delete(target);
    fetch(open(), "1");
    assertThat(source.fetches).hasValue(1);
    assertThatThrownBy(() -> cache.fetch(MODEL, entry("1"), target))
        .as("its directory is gone")
        .isInstanceOf(IOException.class)
        .hasMessageContaining("m v1");
    assertThat(objects()).hasSize(4);
    fetch(cache, "1");
  }

  @Test
  void fetch_interrupted_removesNothing() throws Exception {
    publish(1);
    CachedRepository cache = open();
    fetch(cache, "1");
    Path target = target();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> cache.fetch(MODEL, entry("1"), target))
        .isInstanceOf(IOException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(objects()).hasSize(4);
    source.away = true;
    fetch(cache, "1");
    assertThat(logged()).isEmpty();
  }

  @Test
  void fetch_sharedFiles_areKeptOnce() throws Exception {
    CachedRepository cache = open();
    for (int i = 1; i <= 10; i++) {
      publish(i);
      fetch(cache, String.valueOf(i));
    }
    assertThat(objects()).hasSize(10 + 3);
    assertThat(objectBytes()).isEqualTo(10 * 10 * KB + 5 * KB + "yes\nno\n".length());
  }

  @Test
  void files_all_areTheOwnersOnly() throws Exception {
    assumeTrue(home.getFileSystem().supportedFileAttributeViews().contains("posix"));
    publish(1);
    CachedRepository cache = open();
    cache.versions(MODEL);
    fetch(cache, "1");
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : walk.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
            .as(path.toString())
            .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------");
      }
    }
  }

  @Test
  void cache_names_leadNowhere() throws Exception {
    String hostile = "../../escaped\n\0/" + "x".repeat(300);
    Versions.Entry entry = new Versions.Entry(hostile, "../i", State.AVAILABLE, hostile);
    Map<String, byte[]> files = Map.of("model.bin", new byte[10]);
    source.entries.put(hostile, entry);
    source.files.put(hostile, files);
    CachedRepository cache = open();
    cache.versions(hostile);
    assertWhole(cache.fetch(MODEL, entry, target()), hostile, home.resolve("targets/t1"), files);
    source.away = true;
    assertThat(open().versions(hostile).entries())
        .extracting(Versions.Entry::version)
        .containsExactly(hostile);
    assertWhole(open().fetch(MODEL, entry, target()), hostile, home.resolve("targets/t2"), files);
    try (Stream<Path> list = Files.list(home)) {
      assertThat(list.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("cache", "targets");
    }
  }

  @Test
  void cache_thatCannotBeWritten_costsAWarning() throws Exception {
    publish(1);
    Files.writeString(directory, "a file");
    CachedRepository cache = open();
    for (int i = 0; i < 10; i++) {
      assertSame(cache.versions(MODEL), source.versions(MODEL));
    }
    fetch(cache, "1");
    assertThat(logged()).hasSize(2);
    assertThat(logged().get(0)).contains("what its source says cannot be kept");
    assertThat(logged().get(1)).contains("m v1: it is not kept");
    source.away = true;
    assertThat(cache.versions(MODEL).asOf()).as("from memory").isPresent();
  }

  @Test
  void cache_removedMeanwhile_isAnEmptyOne() throws Exception {
    publish(1, 2);
    CachedRepository cache = open();
    cache.versions(MODEL);
    fetch(cache, "1");
    OwnerOnly.delete(directory);
    fetch(cache, "1");
    fetch(cache, "2");
    source.away = true;
    fetch(open(), "1");
    assertThat(state(cache.versions(MODEL), "2")).isEqualTo(State.AVAILABLE);
  }

  // --- room --------------------------------------------------------------------------------------

  /** Room for two versions and what they share. */
  private CachedRepository small() {
    return open().withMaxBytes(26 * KB);
  }

  private void used(String version, int minutesAgo) throws IOException {
    String key = Description.key(MODEL, version, entry(version).identity());
    Instant moment = Instant.now().minus(Duration.ofMinutes(minutesAgo));
    Files.setLastModifiedTime(directory.resolve("versions").resolve(key), FileTime.from(moment));
  }

  private List<String> cached() throws IOException {
    return new CacheReader(directory, true)
        .descriptions().stream().map(Description::version).sorted().toList();
  }

  @Test
  void eviction_fullCache_leastRecentlyUsedGoesFirst() throws Exception {
    publish(1, 2, 3);
    CachedRepository cache = small();
    cache.versions(MODEL);
    fetch(cache, "1");
    fetch(cache, "2");
    used("1", 10);
    used("2", 20);
    fetch(cache, "3");
    assertThat(cached()).containsExactly("1", "3");
    used("1", 20);
    used("3", 10);
    fetch(cache, "1"); // uses it
    fetch(cache, "2");
    assertThat(cached()).containsExactly("1", "2");
    assertThat(objectBytes()).isLessThanOrEqualTo(26 * KB);
    fetch(cache, "1");
    fetch(cache, "2");
  }

  /** A device fetches what it serves once, and then perhaps never again. */
  @Test
  void eviction_whatAModelServedLast_goesLast() throws Exception {
    publish(1, 2, 3);
    CachedRepository cache = small();
    cache.fetch("quiet", entry("1"), target());
    String quiet = Description.key("quiet", "1", entry("1").identity());
    Files.setLastModifiedTime(
        directory.resolve("versions").resolve(quiet), FileTime.from(Instant.EPOCH));
    fetch(cache, "2");
    fetch(cache, "3");
    assertThat(cached()).containsExactly("1", "3");
  }

  @Test
  void eviction_whatTheSourceWithdrew_goesFirst() throws Exception {
    publish(1, 2, 3);
    CachedRepository cache = small();
    fetch(cache, "1");
    fetch(cache, "2");
    used("1", 20);
    used("2", 10);
    Versions.Entry withdrawn = source.entries.remove("2");
    cache.versions(MODEL);
    fetch(cache, "3");
    assertThat(cached()).as("without " + withdrawn).containsExactly("1", "3");
  }

  @Test
  void eviction_whatIsBeingRead_stays() throws Exception {
    publish(1, 2, 3, 4);
    CachedRepository cache = small();
    fetch(cache, "1");
    fetch(cache, "2");
    used("1", 20);
    used("2", 10);
    String first = Description.key(MODEL, "1", entry("1").identity());
    String third = Description.key(MODEL, "3", entry("3").identity());
    try (CacheLocks.Hold read = CacheLocks.of(directory).share(first)) {
      assertThat(read).isNotNull();
      fetch(cache, "3");
      assertThat(cached()).containsExactly("1", "3");
      try (CacheLocks.Hold other = CacheLocks.of(directory).share(third)) {
        assertThat(other).isNotNull();
        fetch(cache, "4");
        assertThat(cached()).containsExactly("1", "3");
      }
      assertThat(logged()).hasSize(1);
      assertThat(logged().get(0)).contains("m v4", "beside what is being read", "withMaxBytes");
    }
    fetch(cache, "4");
    assertThat(cached()).doesNotContain("1").contains("4");
  }

  @Test
  void fetch_cached_holdsItsVersionWhileItCopies() throws Exception {
    int bytes = 20_000 * KB;
    source.publish("1", Map.of("model.bin", FakeSource.bytes(1, bytes)));
    CachedRepository cache = open();
    fetch(cache, "1");
    String key = Description.key(MODEL, "1", entry("1").identity());
    boolean during = false;
    while (!during) { // until the look was in time
      Path target = target();
      CompletableFuture<ModelArtifact> copy =
          CompletableFuture.supplyAsync(() -> uncheckedFetch(cache, target));
      Path file = target.resolve("model.bin");
      while (!copy.isDone() && !Files.exists(file)) {
        Thread.onSpinWait();
      }
      try (CacheLocks.Hold removal = CacheLocks.of(directory).seize(key)) {
        during = Files.size(file) < bytes;
        assertThat(removal == null || !during).isTrue();
      }
      copy.get(20, TimeUnit.SECONDS);
    }
    try (CacheLocks.Hold removal = CacheLocks.of(directory).seize(key)) {
      assertThat(removal).isNotNull();
    }
  }

  private ModelArtifact uncheckedFetch(CachedRepository cache, Path target) {
    try {
      return cache.fetch(MODEL, entry("1"), target);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void eviction_largerThanAll_isServedAndNotKept() throws Exception {
    publish(1);
    source.publish("2", FakeSource.version(2, 30 * KB, 5 * KB));
    CachedRepository cache = small();
    fetch(cache, "1");
    fetch(cache, "2");
    assertThat(cached()).containsExactly("1");
    assertThat(logged()).hasSize(1);
    assertThat(logged().get(0)).contains("m v2", "expected at most 26000 bytes in all, got 35007");
    assertThatThrownBy(() -> open().withMaxBytes(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void fetch_fullDisk_isServedAndNotKept() throws Exception {
    Path small = Files.createDirectories(home.resolve("small"));
    assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small.toString()));
    try {
      publish(1);
      source.publish("2", FakeSource.version(2, 100 * KB, 5 * KB));
      CachedRepository cache = CachedRepository.of(source, small.resolve("cache"));
      cache.versions(MODEL);
      fetch(cache, "1");
      fetch(cache, "2");
      assertThat(logged()).hasSize(1);
      assertThat(logged().get(0)).contains("m v2: it is not kept", "No space left");
      source.away = true;
      Versions then = cache.versions(MODEL);
      assertThat(state(then, "1")).isEqualTo(State.AVAILABLE);
      assertThat(state(then, "2")).isEqualTo(State.PENDING);
      fetch(cache, "1");
      assertThat(below(small.resolve("cache/drafts"))).isEmpty();
    } finally {
      run("umount", "-l", small.toString());
    }
  }

  private static boolean run(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false; // no such program
    }
  }
}
