package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelLoadException;
import dev.inflight.deploy.VersionPolicy;
import dev.inflight.repository.Versions;
import dev.inflight.repository.Versions.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A cache that is shipped with the application, and how it is made. */
class SeedTest extends CacheFixture {
  private Path seed() throws IOException {
    Path seed = home.resolve("seed");
    publish(1, 2);
    source.aliases.put("champion", "2");
    List<Versions.Entry> there =
        CachedRepository.of(source, seed).prefetch(MODEL, VersionPolicy.alias("champion"));
    assertThat(there).containsExactly(entry("2"));
    return seed;
  }

  private static Map<String, String> snapshot(Path top) throws IOException {
    Map<String, String> snapshot = new TreeMap<>();
    for (Path path : below(top)) {
      snapshot.put(
          path.toString(),
          Files.getLastModifiedTime(path)
              + new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1));
    }
    return snapshot;
  }

  @Test
  void seed_firstStartWithoutNetwork_answersAndIsNotWritten() throws Exception {
    Path seed = seed();
    Map<String, String> before = snapshot(seed);
    source.away = true;
    CachedRepository cache = open().withSeed(seed);
    Versions shipped = cache.versions(MODEL);
    assertThat(state(shipped, "2")).isEqualTo(State.AVAILABLE);
    assertThat(state(shipped, "1")).isEqualTo(State.PENDING);
    assertThat(shipped.aliases()).containsEntry("champion", "2");
    assertThat(shipped.asOf().orElseThrow()).isBefore(Instant.now());
    fetch(cache, "2");
    assertThat(snapshot(seed)).isEqualTo(before);
    assertThat(directory).doesNotExist();
    source.away = false;
    publish(3);
    assertSame(cache.versions(MODEL), source.versions(MODEL));
    int fetches = source.fetches.get();
    fetch(cache, "2");
    assertThat(source.fetches).as("what is shipped is not asked for").hasValue(fetches);
    fetch(cache, "3");
    source.away = true;
    assertThat(state(cache.versions(MODEL), "3")).isEqualTo(State.AVAILABLE);
    assertThat(state(cache.versions(MODEL), "2")).isEqualTo(State.AVAILABLE);
    assertThat(snapshot(seed)).isEqualTo(before);
  }

  /** The source was heard once, and nothing of what it has could be had. */
  @Test
  void seed_ownCacheHasNoFiles_answers() throws Exception {
    Path seed = seed();
    source.entries.clear();
    publish(7);
    CachedRepository cache = open().withSeed(seed);
    cache.versions(MODEL);
    source.away = true;
    Versions then = cache.versions(MODEL);
    assertThat(then.entries()).extracting(Versions.Entry::version).containsExactly("1", "2");
    source.away = false;
    fetch(cache, "7");
    source.away = true;
    assertThat(cache.versions(MODEL).entries())
        .extracting(Versions.Entry::version)
        .containsExactly("7");
  }

  @Test
  void seed_damaged_isRefusedSaidOnceAndLeft() throws Exception {
    Path seed = seed();
    CacheReader reader = new CacheReader(seed, false);
    Path object =
        reader.object(
            java.util.HexFormat.of()
                .formatHex(
                    Hashing.digest("SHA-256").digest(source.files.get("2").get("model.bin"))));
    byte[] bytes = Files.readAllBytes(object);
    bytes[17] ^= 1;
    Files.write(object, bytes);
    source.away = true;
    CachedRepository cache = open().withSeed(seed);
    Path target = target();
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> cache.fetch(MODEL, entry("2"), target))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("m v2: file 'model.bin' in the cache: expected sha256 ")
          .hasMessageContaining("no route to the source");
    }
    assertThat(below(target)).isEmpty();
    assertThat(object).hasBinaryContent(bytes);
    source.away = false;
    fetch(cache, "2");
    fetch(cache, "2");
  }

  @Test
  void prefetch_nothingWanted_saysWhatThereIs() throws Exception {
    publish(1);
    assertThatThrownBy(() -> open().prefetch(MODEL, VersionPolicy.exactly("9")))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("m: expected a version that the policy wants")
        .hasMessageContaining("version=1");
    source.away = true;
    assertThatThrownBy(() -> open().prefetch(MODEL, VersionPolicy.latest()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void prefetch_cacheThatCannotBeWritten_throws() throws Exception {
    publish(1);
    Files.writeString(directory, "a file");
    assertThatThrownBy(() -> open().prefetch(MODEL, VersionPolicy.latest()))
        .isInstanceOf(IOException.class);
  }
}
