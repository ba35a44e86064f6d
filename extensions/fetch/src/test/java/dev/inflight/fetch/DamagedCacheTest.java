package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.files.SealedFile;
import dev.inflight.repository.Versions;
import dev.inflight.repository.Versions.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever becomes of its files, a cache gives the right bytes or none. */
class DamagedCacheTest extends CacheFixture {
  private CachedRepository cache;

  private enum Damage {
    FLIPPED,
    TRUNCATED,
    LONGER,
    GONE,
    LINK,
    DIRECTORY
  }

  @BeforeEach
  void fill() throws IOException {
    source.publish("1", FakeSource.version(1, 20_000, 10_000));
    source.publish("2", FakeSource.version(2, 20_000, 10_000));
    cache = open();
    cache.versions(MODEL);
    fetch(cache, "1");
  }

  private void damage(Path file, Damage damage) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.delete(file);
    switch (damage) {
      case FLIPPED -> {
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
      }
      case TRUNCATED -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      case LONGER -> Files.write(file, Arrays.copyOf(bytes, bytes.length + 1));
      case LINK -> Files.createSymbolicLink(file, Files.write(home.resolve("outside"), bytes));
      case DIRECTORY -> Files.createDirectory(file);
      default -> {}
    }
  }

  private Path weights() {
    return object(source.files.get("1").get("model.bin"));
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void object_damaged_isFetchedAgain(Damage damage) throws Exception {
    damage(weights(), damage);
    int before = source.fetches.get();
    fetch(cache, "1");
    assertThat(source.fetches).hasValue(before + 1);
    assertThat(logged()).hasSize(1);
    assertThat(logged().get(0)).contains("m v1: file 'model.bin' in the cache: ");
    source.away = true;
    fetch(cache, "1");
    assertThat(weights()).isRegularFile();
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void object_damagedWhileTheSourceIsAway_isRefused(Damage damage) throws Exception {
    damage(weights(), damage);
    source.away = true;
    Path target = target();
    assertThatThrownBy(() -> cache.fetch(MODEL, entry("1"), target))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("m v1: file 'model.bin' in the cache: expected sha256 ")
        .hasMessageContaining("its source cannot be reached: no route to the source");
    assertThat(below(target)).isEmpty();
    assertThat(state(cache.versions(MODEL), "1")).isEqualTo(State.PENDING);
    source.away = false;
    fetch(cache, "1");
    source.away = true;
    assertThat(state(cache.versions(MODEL), "1")).isEqualTo(State.AVAILABLE);
  }

  /** What another version shares with it must not be taken for good by its name. */
  @Test
  void object_damaged_isReplacedWhenAnotherVersionNeedsIt() throws Exception {
    Path shared = object(source.files.get("1").get("text/tokenizer.json"));
    damage(shared, Damage.FLIPPED);
    fetch(cache, "2");
    source.away = true;
    fetch(cache, "2");
    fetch(cache, "1");
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void description_damaged_isAMiss(Damage damage) throws Exception {
    Path description = below(directory.resolve("versions")).iterator().next();
    damage(description, damage);
    source.away = true;
    for (int i = 0; i < 3; i++) {
      assertThat(state(cache.versions(MODEL), "1")).isEqualTo(State.PENDING);
    }
    assertThat(logged().stream().filter(line -> line.contains(" is of no use: ")))
        .hasSize(damage == Damage.GONE ? 0 : 1);
    source.away = false;
    fetch(cache, "1");
    source.away = true;
    fetch(cache, "1");
  }

  @Test
  void description_cutOrFlippedAnywhere_isAMiss() throws Exception {
    Path description = below(directory.resolve("versions")).iterator().next();
    byte[] whole = Files.readAllBytes(description);
    source.away = true;
    for (int i = 0; i < whole.length; i += 23) {
      byte[] flipped = whole.clone();
      flipped[i] ^= 4;
      for (byte[] bytes : List.of(Arrays.copyOf(whole, i), flipped)) {
        Files.write(description, bytes);
        assertThat(state(cache.versions(MODEL), "1")).as("at " + i).isEqualTo(State.PENDING);
      }
    }
    Files.write(description, whole);
    assertThat(state(cache.versions(MODEL), "1")).isEqualTo(State.AVAILABLE);
  }

  @Test
  void description_ofAnotherVersion_isAMiss() throws Exception {
    Path description = below(directory.resolve("versions")).iterator().next();
    Versions.Entry two = entry("2");
    Path other = description.resolveSibling(Description.key(MODEL, "2", two.identity()));
    Files.copy(description, other);
    source.away = true;
    assertThat(state(cache.versions(MODEL), "2")).isEqualTo(State.PENDING);
    assertThatThrownBy(() -> cache.fetch(MODEL, two, target()))
        .hasMessage("no route to the source");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../escaped", "/tmp/inflight-escaped", "a/../../escaped", "a\\b", ""})
  void description_sealedWithHostileNames_isAMiss(String path) throws Exception {
    Versions.Entry two = entry("2");
    String empty = java.util.HexFormat.of().formatHex(Hashing.digest("SHA-256").digest());
    SealedFile.write(
        directory.resolve("versions"),
        Description.key(MODEL, "2", two.identity()),
        "inflight cached version 1",
        List.of(List.of("is", MODEL, "2", two.identity()), List.of("file", empty, "0", path)));
    source.away = true;
    assertThatThrownBy(() -> cache.fetch(MODEL, two, target()))
        .hasMessage("no route to the source");
    assertThat(home.resolve("escaped")).doesNotExist();
    assertThat(logged()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../../../etc/passwd", "zz", "0"})
  void description_sealedWithHostileDigests_isAMiss(String digest) throws Exception {
    Versions.Entry two = entry("2");
    SealedFile.write(
        directory.resolve("versions"),
        Description.key(MODEL, "2", two.identity()),
        "inflight cached version 1",
        List.of(List.of("is", MODEL, "2", two.identity()), List.of("file", digest, "1", "a")));
    source.away = true;
    assertThat(state(cache.versions(MODEL), "2")).isEqualTo(State.PENDING);
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void listing_damaged_isAsIfThereWasNone(Damage damage) throws Exception {
    Path listing = below(directory.resolve("listings")).iterator().next();
    damage(listing, damage);
    source.away = true;
    CachedRepository other = open();
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> other.versions(MODEL)).hasMessage("no route to the source");
    }
    assertThat(logged()).hasSize(damage == Damage.GONE ? 0 : 1);
    assertThat(state(cache.versions(MODEL), "1")).as("from memory").isEqualTo(State.AVAILABLE);
    source.away = false;
    other.versions(MODEL);
    source.away = true;
    assertThat(state(open().versions(MODEL), "1")).isEqualTo(State.AVAILABLE);
  }

  @Test
  void listing_sealedNonsense_isAsIfThereWasNone() throws Exception {
    source.away = true;
    for (List<String> record :
        List.of(
            List.of("entry", "1"),
            List.of("entry", "1", "i", "NO_STATE", ""),
            List.of("alias", "stable"))) {
      SealedFile.write(
          directory.resolve("listings"),
          Listing.key(MODEL),
          "inflight cached listing 1",
          List.of(List.of("of", MODEL, "2026-01-02T03:04:05Z"), record));
      assertThatThrownBy(() -> open().versions(MODEL)).hasMessage("no route to the source");
    }
  }

  @Test
  void directory_strangersInIt_areLeftOut() throws Exception {
    Files.writeString(directory.resolve("versions/notes.txt"), "not ours");
    Files.createDirectories(directory.resolve("objects/sha256/ab/cd"));
    Files.write(directory.resolve("objects/sha256/stray"), "x".getBytes(StandardCharsets.UTF_8));
    fetch(cache, "2");
    source.away = true;
    fetch(cache, "1");
    fetch(cache, "2");
  }
}
