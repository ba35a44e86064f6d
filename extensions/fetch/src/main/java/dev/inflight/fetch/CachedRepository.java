package dev.inflight.fetch;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.deploy.VersionPolicy;
import dev.inflight.files.OwnerOnly;
import dev.inflight.files.SealedFile.DamagedException;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import dev.inflight.repository.Versions.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A repository whose versions can be had while its source is away: what was fetched once is kept in
 * a directory, and what the source said last of each model is remembered there. Made for devices
 * that are often offline, and for registries that are.
 *
 * <p>While the source answers, {@link #versions} says what it says. While it cannot be reached,
 * that is what it said last. {@link Versions#asOf} is when it said so. A version that is not in the
 * cache is {@code PENDING} then. {@link #fetch} asks the source only for what is not cached yet.
 * Every byte that comes from the cache is hashed as it is copied; what is damaged is removed, and
 * fetched again.
 *
 * <p>Files are content-addressed, so what several versions share is there once. Several objects and
 * processes may use one directory at a time, on a file system that has locks; a process that ends
 * anywhere leaves a cache that works. Only this process's user can read it. A cache that cannot be
 * written costs a warning and nothing else. Safe for several threads.
 */
public final class CachedRepository implements ModelRepository {
  private static final Logger log = LoggerFactory.getLogger(CachedRepository.class);

  /** Ten versions of a model of 1 GB, or a hundred of most. */
  private static final long MAX_BYTES = 10L << 30;

  /** How much older than it is a listing may look after a restart: polls are many, disks wear. */
  private static final Duration AGE = Duration.ofMinutes(1);

  private final ModelRepository source;
  private final CacheReader own;
  private final CacheWriter writer;
  private final Optional<CacheReader> seed;

  /** By model: what the source said last, and of that what is on disk. */
  private final Map<String, Listing> heard = new ConcurrentHashMap<>();

  private final Map<String, Listing> written = new ConcurrentHashMap<>();

  /** Models whose source is away, so that the log says it once. */
  private final Set<String> away = ConcurrentHashMap.newKeySet();

  private final AtomicBoolean unwritable = new AtomicBoolean();

  private CachedRepository(
      ModelRepository source, CacheReader own, CacheWriter writer, Optional<CacheReader> seed) {
    this.source = source;
    this.own = own;
    this.writer = writer;
    this.seed = seed;
  }

  /**
   * {@return a repository that keeps at most 10 GiB in {@code directory}} Nothing is read or
   * written yet.
   *
   * @param directory for nothing else; it is made if it is not there
   */
  public static CachedRepository of(ModelRepository source, Path directory) {
    CacheReader own = new CacheReader(directory, true);
    return new CachedRepository(source, own, new CacheWriter(own, MAX_BYTES), Optional.empty());
  }

  /**
   * {@return this, which keeps files of at most so many bytes} What would be more is made room for
   * before it is added: the versions that were used least recently go first, those that each model
   * served last after all others, and none while it is being read. A version that is larger is
   * served and not kept. It may be more for a moment where several versions are added at once.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public CachedRepository withMaxBytes(long most) {
    if (most <= 0) {
      throw new IllegalArgumentException("cache: expected at least 1 byte, got " + most);
    }
    return new CachedRepository(source, own, new CacheWriter(own, most), seed);
  }

  /**
   * {@return this, which answers from a second cache where neither the source nor its own has
   * anything} For an application that is shipped with its models, so that the first start needs no
   * network.
   *
   * @param readOnlyCache a cache directory as {@link #prefetch} leaves it; it is never written to
   */
  public CachedRepository withSeed(Path readOnlyCache) {
    return new CachedRepository(
        source, own, writer, Optional.of(new CacheReader(readOnlyCache, false)));
  }

  private Stream<CacheReader> caches() {
    return Stream.concat(Stream.of(own), seed.stream());
  }

  // --- versions --------------------------------------------------------------------------------

  /**
   * {@inheritDoc}
   *
   * @throws IOException if the source cannot be reached and never could be
   */
  @Override
  public Versions versions(String model) throws IOException {
    Versions found;
    try {
      found = source.versions(model);
    } catch (IOException e) {
      return remembered(model, e);
    }
    if (away.remove(model)) {
      log.info("{}: its source answers again", model);
    }
    Instant moment = found.asOf().orElseGet(Instant::now);
    remember(new Listing(model, found, moment));
    return found.withAsOf(moment); // the same that is said of it later
  }

  private void remember(Listing now) {
    heard.put(now.model(), now);
    Listing before = written.get(now.model());
    boolean enough =
        before != null
            && before.saysTheSameAs(now)
            && Duration.between(before.asOf(), now.asOf()).compareTo(AGE) < 0;
    if (enough) {
      return;
    }
    try {
      if (writer.tryRemember(now)) {
        written.put(now.model(), now);
        unwritable.set(false);
      }
    } catch (IOException e) {
      if (!unwritable.getAndSet(true)) {
        log.warn("{}: what its source says cannot be kept: {}", now.model(), e.toString());
      }
    }
  }

  private Versions remembered(String model, IOException unreachable) throws IOException {
    Optional<Listing> last = later(Optional.ofNullable(heard.get(model)), own.listing(model));
    Optional<Versions> here = last.map(this::withoutMissing);
    if (here.isEmpty() || !isAnyAvailable(here.get())) {
      Optional<Versions> shipped =
          seed.flatMap(cache -> cache.listing(model)).map(this::withoutMissing);
      if (here.isEmpty() || shipped.filter(CachedRepository::isAnyAvailable).isPresent()) {
        here = shipped;
      }
    }
    Versions versions = here.orElseThrow(() -> unreachable);
    if (away.add(model)) {
      log.warn(
          "{}: its source cannot be reached, what it said at {} stands: {}",
          model,
          versions.asOf().map(Instant::toString).orElse(""),
          unreachable.toString());
    }
    return versions;
  }

  private static Optional<Listing> later(Optional<Listing> a, Optional<Listing> b) {
    return b.filter(it -> a.isEmpty() || it.isLaterThan(a.get())).or(() -> a);
  }

  private static boolean isAnyAvailable(Versions versions) {
    return versions.entries().stream().anyMatch(entry -> entry.state() == State.AVAILABLE);
  }

  /** What can be had without the source. */
  private Versions withoutMissing(Listing listing) {
    List<Versions.Entry> entries = new ArrayList<>();
    for (Versions.Entry entry : listing.versions().entries()) {
      boolean missing =
          entry.state() == State.AVAILABLE
              && caches().noneMatch(cache -> cache.has(listing.model(), entry));
      entries.add(
          missing
              ? new Versions.Entry(
                  entry.version(),
                  "",
                  State.PENDING,
                  "not in the cache, and its source cannot be reached")
              : entry);
    }
    return new Versions(entries, listing.versions().aliases()).withAsOf(listing.asOf());
  }

  // --- files -----------------------------------------------------------------------------------

  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    String damage = "";
    for (CacheReader cache : caches().toList()) {
      try {
        Optional<ModelArtifact> hit = cache.fetch(model, version, target);
        if (hit.isPresent()) {
          return hit.get();
        }
      } catch (DamagedException e) {
        damage = String.valueOf(e.getMessage());
      }
    }
    ModelArtifact artifact;
    try {
      artifact = source.fetch(model, version, target);
    } catch (IOException e) {
      throw damage.isEmpty()
          ? e
          : new IOException(damage + "; and its source cannot be reached: " + e.getMessage(), e);
    } catch (ModelLoadException e) {
      tell(damage);
      throw e;
    }
    tell(damage);
    try {
      writer.add(Description.of(model, version, artifact, target), target);
    } catch (IOException | ModelLoadException e) {
      log.warn("{}: it is not kept: {}", artifact.label(), e.toString());
    }
    return artifact;
  }

  private static void tell(String damage) {
    if (!damage.isEmpty()) {
      log.warn("{}; it is fetched from its source again", damage);
    }
  }

  /**
   * Fetches what a deployment with that policy would, for a {@linkplain #withSeed seed}, or before
   * a device goes offline. Asks the source for what there is, and for what is not in this cache
   * yet. Blocks until all of it is there.
   *
   * @return the versions that are there
   * @throws ModelLoadException if the policy wants nothing of what there is, or a version cannot be
   *     had
   * @throws IOException if the source cannot be reached, or the cache not be written
   */
  public List<Versions.Entry> prefetch(String model, VersionPolicy policy) throws IOException {
    Versions found = source.versions(model);
    if (found.entries().stream().anyMatch(entry -> entry.state() == State.PENDING)) {
      found = source.versions(model); // a directory's, without a manifest: they are looked at twice
    }
    Versions available =
        new Versions(
            found.entries().stream().filter(entry -> entry.state() == State.AVAILABLE).toList(),
            found.aliases());
    List<Versions.Entry> wanted = List.copyOf(policy.wanted(available));
    if (wanted.isEmpty()) {
      throw new ModelLoadException(
          Stage.FETCH,
          model + ": expected a version that the policy wants, got " + found.entries());
    }
    for (Versions.Entry version : wanted) {
      Path target = Files.createTempDirectory("inflight-prefetch"); // the owner's only
      try {
        prefetch(model, version, target);
      } finally {
        OwnerOnly.delete(target);
      }
    }
    writer.remember(new Listing(model, found, found.asOf().orElseGet(Instant::now)));
    return wanted;
  }

  private void prefetch(String model, Versions.Entry version, Path target) throws IOException {
    try {
      if (own.fetch(model, version, target).isPresent()) {
        return;
      }
    } catch (DamagedException e) {
      tell(String.valueOf(e.getMessage()));
    }
    ModelArtifact artifact = source.fetch(model, version, target);
    writer.add(Description.of(model, version, artifact, target), target);
  }

  /** {@return the source and the directory} */
  @Override
  public String toString() {
    return source + ", cached in " + own.directory();
  }
}
