package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.ModelArtifact;
import dev.inflight.files.OwnerOnly;
import dev.inflight.repository.Versions;
import dev.inflight.repository.Versions.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/**
 * Anything in any order, on two objects of one directory, against a model that knows what was
 * published, what was said last, and what was damaged.
 */
class CacheRandomTest extends CacheFixture {
  private static final int OPERATIONS = 150;
  private static final int MAX_BYTES = 60_000;

  /** In half of the runs, what is said to be there must be had. */
  private boolean damages;

  private final Map<String, Map<String, byte[]>> byIdentity = new HashMap<>();

  @RepeatedTest(4)
  void cache_randomOperations_givesTheRightBytesOrNone(RepetitionInfo run) throws Exception {
    long seed = System.nanoTime();
    System.out.println("cache seed " + seed);
    Random random = new Random(seed);
    List<CachedRepository> caches =
        List.of(open().withMaxBytes(MAX_BYTES), open().withMaxBytes(MAX_BYTES));
    damages = run.getCurrentRepetition() % 2 == 0;
    for (int i = 0; i < OPERATIONS; i++) {
      String as = "seed " + seed + ", operation " + i;
      step(random, caches.get(random.nextInt(2)), as);
      assertThat(objectBytes()).as(as).isLessThanOrEqualTo(MAX_BYTES);
      assertThat(below(directory.resolve("drafts"))).as(as).isEmpty();
    }
  }

  private void step(Random random, CachedRepository cache, String as) throws IOException {
    switch (random.nextInt(12)) {
      case 0, 1 -> publish(random);
      case 2 -> source.entries.remove(String.valueOf(1 + random.nextInt(8)));
      case 3 -> source.away ^= true;
      case 4 -> damage(random);
      case 5 -> {
        if (random.nextInt(5) == 0) {
          OwnerOnly.delete(directory);
        }
      }
      case 6, 7 -> poll(cache, as);
      default -> fetchAny(random, cache, as);
    }
  }

  private void publish(Random random) {
    String version = String.valueOf(1 + random.nextInt(8));
    Map<String, byte[]> files = new TreeMap<>();
    for (int file = 0; file < 1 + random.nextInt(4); file++) {
      int content = random.nextInt(12);
      files.put("dir/f" + file, FakeSource.bytes(content, 1_000 * content));
    }
    source.publish(version, files);
    byIdentity.put(entry(version).identity(), files);
  }

  private void damage(Random random) throws IOException {
    List<Path> all = new ArrayList<>(below(directory.resolve("objects")));
    all.addAll(below(directory.resolve("versions")));
    if (all.isEmpty() || !damages) {
      return;
    }
    Path file = all.get(random.nextInt(all.size()));
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length > 0 && random.nextBoolean()) {
      bytes[random.nextInt(bytes.length)] ^= 1;
      Files.write(file, bytes);
    } else {
      Files.delete(file);
    }
  }

  private void poll(CachedRepository cache, String as) throws IOException {
    if (!source.away) {
      assertSame(cache.versions(MODEL), source.versions(MODEL));
      return;
    }
    Versions then;
    try {
      then = cache.versions(MODEL);
    } catch (IOException e) {
      // Its own memory may be older than the directory, and the directory may have been removed.
      return;
    }
    assertThat(then.asOf()).as(as).isPresent();
    for (Versions.Entry entry : then.entries()) {
      if (entry.state() == State.PENDING) {
        assertThat(entry.identity()).as(as).isEmpty();
        continue;
      }
      assertThat(byIdentity).as(as).containsKey(entry.identity());
      Path target = target();
      try {
        whole(cache.fetch(MODEL, entry, target), entry, target, as);
      } catch (IOException e) {
        assertThat(damages).as(as + ": available, and not to be had: " + e).isTrue();
      }
    }
  }

  private void fetchAny(Random random, CachedRepository cache, String as) throws IOException {
    List<Versions.Entry> entries = new ArrayList<>(source.entries.values());
    if (entries.isEmpty()) {
      return;
    }
    Versions.Entry entry = entries.get(random.nextInt(entries.size()));
    Path target = target();
    try {
      whole(cache.fetch(MODEL, entry, target), entry, target, as);
    } catch (IOException e) {
      assertThat(source.away).as(as + ": " + e).isTrue();
      assertThat(below(target)).as(as).isEmpty();
    }
  }

  private void whole(ModelArtifact artifact, Versions.Entry entry, Path target, String as)
      throws IOException {
    assertThat(artifact.label()).as(as).isEqualTo(MODEL + " v" + entry.version());
    assertWhole(artifact, entry.version(), target, byIdentity.get(entry.identity()));
    OwnerOnly.delete(target);
  }
}
