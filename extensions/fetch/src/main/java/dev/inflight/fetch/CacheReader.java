package dev.inflight.fetch;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.files.OwnerOnly;
import dev.inflight.files.SealedFile.DamagedException;
import dev.inflight.repository.Manifest;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers from a cache directory: the writable one, or a seed. Safe for several threads.
 *
 * <p>Invariant: {@code objects/sha256/ab/cdef...} holds bytes with that digest, {@code versions} a
 * description of each version, {@code listings} what a source said last of each model. Nothing of
 * it is believed: a description or a listing is sealed, an object is hashed as it is copied. What
 * is not as it was written is said once, and removed where this may write.
 */
final class CacheReader {
  private static final Logger log = LoggerFactory.getLogger(CacheReader.class);
  private static final int PREFIX = 2;

  private final Path directory;
  private final boolean writable;

  /** What is damaged and cannot be removed. */
  private final Set<Path> told = ConcurrentHashMap.newKeySet();

  CacheReader(Path directory, boolean writable) {
    this.directory = directory.toAbsolutePath().normalize();
    this.writable = writable;
  }

  Path directory() {
    return directory;
  }

  Path listings() {
    return directory.resolve("listings");
  }

  Path versions() {
    return directory.resolve("versions");
  }

  Path objects() {
    return directory.resolve("objects").resolve("sha256");
  }

  Path object(String sha256) {
    return objects().resolve(sha256.substring(0, PREFIX)).resolve(sha256.substring(PREFIX));
  }

  @FunctionalInterface
  private interface Parser<T> {
    T parse(Path file) throws IOException;
  }

  private <T> Optional<T> read(Path file, Parser<T> parser) {
    try {
      return Optional.of(parser.parse(file));
    } catch (NoSuchFileException | NotDirectoryException e) {
      return Optional.empty();
    } catch (DamagedException e) {
      remove(file, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      if (!Thread.currentThread().isInterrupted()) {
        tell(file, e.toString());
      }
    }
    return Optional.empty();
  }

  private void remove(Path file, String why) {
    tell(file, why);
    if (writable) {
      try {
        OwnerOnly.delete(file);
        told.remove(file);
      } catch (IOException e) {
        // It is as good as not there.
      }
    }
  }

  private void tell(Path file, String why) {
    if (told.add(file)) {
      log.warn("cache: {} is of no use: {}", file, why);
    }
  }

  Optional<Listing> listing(String model) {
    return read(listings().resolve(Listing.key(model)), Listing::read);
  }

  private Optional<Description> description(String key) {
    return read(versions().resolve(key), Description::read);
  }

  private static String key(String model, Versions.Entry version) {
    return Description.key(model, version.version(), version.identity());
  }

  /** {@return all there are} */
  List<Description> descriptions() throws IOException {
    try (Stream<Path> list = Files.list(versions())) {
      return list.map(file -> String.valueOf(file.getFileName()))
          .filter(name -> !OwnerOnly.isTemporary(name))
          .flatMap(name -> description(name).stream())
          .toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** {@return whether all of it is here, its bytes not looked at} */
  boolean has(String model, Versions.Entry version) {
    return description(key(model, version))
        .filter(its -> its.files().values().stream().allMatch(this::isThere))
        .isPresent();
  }

  boolean isThere(Description.Content content) {
    return isThere(object(content.sha256()), content.bytes());
  }

  private static boolean isThere(Path object, long bytes) {
    try {
      BasicFileAttributes is =
          Files.readAttributes(object, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return is.isRegularFile() && is.size() == bytes;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * {@return the version, copied to {@code target}, every byte hashed; empty if it is not here}
   *
   * @throws DamagedException if it is not what was kept, which is removed then; the target is empty
   *     again
   * @throws IOException if the target cannot be written
   */
  Optional<ModelArtifact> fetch(String model, Versions.Entry version, Path target)
      throws IOException {
    String key = key(model, version);
    if (!Files.exists(versions().resolve(key), LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    if (!writable) {
      return copy(key, target); // nobody removes anything of a seed
    }
    CacheLocks.@Nullable Hold hold;
    try {
      hold = CacheLocks.of(directory).share(key);
    } catch (IOException e) {
      return copy(key, target); // whoever cannot lock cannot remove either
    }
    try (hold) {
      return hold == null ? Optional.empty() : copy(key, target);
    }
  }

  private Optional<ModelArtifact> copy(String key, Path target) throws IOException {
    Optional<Description> found = description(key);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    Description its = found.get();
    Staging staging = Description.staging(its.label(), target);
    for (Map.Entry<String, Description.Content> file : its.files().entrySet()) {
      Path object = object(file.getValue().sha256());
      Expected expected =
          Expected.bytes(file.getValue().bytes()).withSha256(file.getValue().sha256());
      try {
        staging.copy(file.getKey(), expected, object);
      } catch (IOException | ModelLoadException e) {
        String difference =
            Thread.currentThread().isInterrupted() ? "" : difference(object, file.getValue());
        if (difference.isEmpty()) {
          throw e; // of the target, or given up
        }
        empty(target);
        throw new DamagedException(
            its.label() + ": file '" + file.getKey() + "' in the cache: " + difference);
      }
    }
    use(key);
    return Optional.of(staging.finish(its.model(), its.version()));
  }

  /** What is wrong with an object, which is removed if that is known; empty if nothing is. */
  String difference(Path object, Description.Content content) {
    String got;
    try {
      if (Files.isRegularFile(object, LinkOption.NOFOLLOW_LINKS)) {
        got = Manifest.copyHashed(object, OutputStream.nullOutputStream());
      } else if (!Files.exists(object, LinkOption.NOFOLLOW_LINKS)) {
        return "expected sha256 " + content.sha256() + ", got no file";
      } else {
        got = "no plain file";
      }
    } catch (IOException e) {
      return "cannot be read: " + e;
    }
    if (got.equals(content.sha256())) {
      return "";
    }
    if (writable) {
      try {
        OwnerOnly.delete(object);
      } catch (IOException e) {
        // Whoever needs it finds out again.
      }
    }
    return "expected sha256 " + content.sha256() + ", got " + got;
  }

  private static void empty(Path target) throws IOException {
    List<Path> inner;
    try (Stream<Path> list = Files.list(target)) {
      inner = list.toList();
    }
    for (Path each : inner) {
      OwnerOnly.delete(each);
    }
  }

  /** Versions are removed in the order of their last use, which is the time of their file. */
  private void use(String key) {
    if (writable) {
      try {
        Files.setLastModifiedTime(versions().resolve(key), FileTime.from(Instant.now()));
      } catch (IOException e) {
        // Then it looks older than it is.
      }
    }
  }
}
