package dev.inflight.fetch;

import dev.inflight.fetch.Description.Content;
import dev.inflight.files.OwnerOnly;
import dev.inflight.repository.Manifest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Changes a cache directory. Safe for several threads and processes.
 *
 * <p>Invariant: whoever changes what the directory consists of holds all of it, and copies nothing
 * meanwhile. Objects are copied to a draft before, and renamed; the description that names them is
 * written last, so one that is there had all its objects. A version is removed by whoever holds it
 * alone: nobody copies it then. A process that ends anywhere leaves drafts and objects that no
 * description names, which the next change removes.
 */
final class CacheWriter {
  /** Nobody copies while holding the directory: who does not get it meets a process that hangs. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Others may remove what a draft counted on, but not forever. */
  private static final int ATTEMPTS = 3;

  private final CacheReader reader;
  private final Path directory;
  private final Path drafts;
  private final long maxBytes;

  CacheWriter(CacheReader reader, long maxBytes) {
    this.reader = reader;
    this.maxBytes = maxBytes;
    directory = reader.directory();
    drafts = directory.resolve("drafts");
  }

  private CacheLocks locks() throws IOException {
    OwnerOnly.directory(directory);
    return CacheLocks.of(directory);
  }

  /**
   * Keeps what a source said, unless the directory is being changed now.
   *
   * @return whether it was kept
   * @throws IOException if it cannot be written
   */
  boolean tryRemember(Listing listing) throws IOException {
    try (CacheLocks.Hold hold = locks().whole(Duration.ZERO)) {
      if (hold != null) {
        write(listing);
      }
      return hold != null;
    }
  }

  /**
   * Keeps what a source said.
   *
   * @throws IOException if it cannot be written
   */
  void remember(Listing listing) throws IOException {
    whole(locks(), () -> write(listing));
  }

  private void write(Listing listing) throws IOException {
    OwnerOnly.directory(reader.listings());
    OwnerOnly.clear(reader.listings());
    listing.write(reader.listings());
  }

  /**
   * Adds a version.
   *
   * @param source holds its files
   * @throws IOException if there is no room for it, it cannot be written, or its files are not what
   *     they were; nothing of it is there then
   */
  void add(Description description, Path source) throws IOException {
    if (description.bytes() > maxBytes) {
      throw noRoom(description, "in all");
    }
    CacheLocks locks = locks();
    String name = UUID.randomUUID().toString().replace("-", "");
    Path draft = drafts.resolve(name);
    try (CacheLocks.Hold hold = locks.seize(name)) {
      if (hold == null) {
        throw new IOException(draft + ": expected a draft of our own, got one of another");
      }
      try {
        whole(
            locks,
            () -> {
              sweep(locks);
              requireRoom(description, locks);
              OwnerOnly.directory(drafts);
              OwnerOnly.directory(draft);
            });
        add(description, source, draft, locks);
      } catch (IOException | RuntimeException | Error e) {
        OwnerOnly.deleteAfter(e, draft);
        throw e;
      }
      OwnerOnly.delete(draft);
    }
  }

  @FunctionalInterface
  private interface Change {
    void make() throws IOException;
  }

  private void whole(CacheLocks locks, Change change) throws IOException {
    try (CacheLocks.Hold hold = locks.whole(PATIENCE)) {
      if (hold == null) {
        throw new IOException(
            directory + ": expected it for a moment, got another that has it for " + PATIENCE);
      }
      change.make();
    }
  }

  private void add(Description description, Path source, Path draft, CacheLocks locks)
      throws IOException {
    boolean[] settled = {false};
    for (int attempt = 0; attempt < ATTEMPTS && !settled[0]; attempt++) {
      for (Map.Entry<String, Content> file : description.files().entrySet()) {
        Path copy = draft.resolve(file.getValue().sha256());
        if (!Files.exists(copy) && !isGood(file.getValue())) {
          copy(description, file, source.resolve(file.getKey()), copy);
        }
      }
      whole(
          locks,
          () -> {
            settled[0] =
                description.files().values().stream()
                    .allMatch(it -> reader.isThere(it) || Files.exists(draft.resolve(it.sha256())));
            if (settled[0]) {
              requireRoom(description, locks);
              settle(description, draft);
            }
          });
    }
    if (!settled[0]) {
      throw new IOException(
          description.label() + ": others removed what it shares each time it was added");
    }
  }

  private boolean isGood(Content content) {
    return reader.isThere(content)
        && reader.difference(reader.object(content.sha256()), content).isEmpty();
  }

  private static void copy(
      Description description, Map.Entry<String, Content> file, Path from, Path to)
      throws IOException {
    String got;
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (FileChannel channel = FileChannel.open(to, options, OwnerOnly.forFile(to));
        OutputStream out = Channels.newOutputStream(channel)) {
      got = Manifest.copyHashed(from, out);
      channel.force(true); // before its new name is: that may reach the disk first
    }
    if (!got.equals(file.getValue().sha256())) {
      throw new IOException(
          description.label()
              + ": file '"
              + file.getKey()
              + "' changed before it was cached: expected sha256 "
              + file.getValue().sha256()
              + ", got "
              + got);
    }
  }

  private void settle(Description description, Path draft) throws IOException {
    OwnerOnly.directory(directory.resolve("objects"));
    OwnerOnly.directory(reader.objects());
    for (String sha256 : description.objects().keySet()) {
      Path copy = draft.resolve(sha256);
      if (Files.exists(copy)) {
        Path object = reader.object(sha256);
        Path parent = object.resolveSibling("");
        OwnerOnly.directory(parent);
        Files.move(
            copy, object, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        OwnerOnly.force(parent);
      }
    }
    OwnerOnly.force(reader.objects());
    OwnerOnly.directory(reader.versions());
    OwnerOnly.clear(reader.versions());
    description.write(reader.versions());
  }

  // --- room ------------------------------------------------------------------------------------

  /** Removes drafts of processes that are gone. */
  private void sweep(CacheLocks locks) throws IOException {
    for (Path draft : list(drafts)) {
      try (CacheLocks.Hold hold = locks.seize(draft.getFileName().toString())) {
        if (hold != null) {
          OwnerOnly.delete(draft);
        }
      }
    }
  }

  private void requireRoom(Description description, CacheLocks locks) throws IOException {
    if (!makeRoom(description, locks)) {
      throw noRoom(description, "beside what is being read");
    }
  }

  private IOException noRoom(Description description, String where) {
    return new IOException(
        description.label()
            + ": expected at most "
            + maxBytes
            + " bytes "
            + where
            + ", got "
            + description.bytes()
            + "; raise CachedRepository.withMaxBytes");
  }

  /** Removes what nobody names, then versions, until another one fits; false if it never does. */
  private boolean makeRoom(Description next, CacheLocks locks) throws IOException {
    List<Description> kept = new ArrayList<>(reader.descriptions());
    kept.removeIf(its -> its.key().equals(next.key()));
    Map<String, Long> here = present();
    drop(here, kept, next);
    for (Description victim : inOrder(kept, next.model())) {
      if (fits(here, next)) {
        return true;
      }
      try (CacheLocks.Hold hold = locks.seize(victim.key())) {
        if (hold != null) {
          Files.deleteIfExists(reader.versions().resolve(victim.key()));
          kept.remove(victim);
          drop(here, kept, next);
        }
      }
    }
    return fits(here, next);
  }

  private boolean fits(Map<String, Long> here, Description next) {
    Map<String, Long> then = new HashMap<>(here);
    then.putAll(next.objects());
    return then.values().stream().mapToLong(Long::longValue).sum() <= maxBytes;
  }

  /** The bytes of all objects there are, by SHA-256; what is no object goes. */
  private Map<String, Long> present() throws IOException {
    Map<String, Long> here = new HashMap<>();
    for (Path parent : list(reader.objects())) {
      for (Path object : list(parent)) {
        String sha256 = parent.getFileName().toString() + object.getFileName();
        if (Files.isRegularFile(object, LinkOption.NOFOLLOW_LINKS)) {
          here.put(sha256, Files.size(object));
        } else {
          OwnerOnly.delete(object);
        }
      }
    }
    return here;
  }

  /** Removes the objects that none of these needs. */
  private void drop(Map<String, Long> here, List<Description> kept, Description next)
      throws IOException {
    Set<String> needed = new HashSet<>(next.objects().keySet());
    kept.forEach(its -> needed.addAll(its.objects().keySet()));
    for (String sha256 : List.copyOf(here.keySet())) {
      if (!needed.contains(sha256)) {
        Files.deleteIfExists(reader.object(sha256));
        here.remove(sha256);
      }
    }
  }

  /**
   * Least recently used first. Behind them what each model served last, and of these first that of
   * the model which is about to have another.
   */
  private List<Description> inOrder(List<Description> all, String model) throws IOException {
    Map<Description, FileTime> used = new HashMap<>();
    for (Description each : all) {
      used.put(each, Files.getLastModifiedTime(reader.versions().resolve(each.key())));
    }
    Comparator<Description> byUse = Comparator.comparing(used::get);
    Map<String, Description> last = new HashMap<>();
    Map<String, Optional<Listing>> listings = new HashMap<>();
    for (Description each : all) {
      Optional<Listing> listing = listings.computeIfAbsent(each.model(), reader::listing);
      if (listing.map(it -> it.has(each)).orElse(true)) {
        last.merge(each.model(), each, (a, b) -> byUse.compare(a, b) < 0 ? b : a);
      }
    }
    return all.stream()
        .sorted(
            Comparator.comparing(
                    (Description each) ->
                        !each.equals(last.get(each.model()))
                            ? 0
                            : each.model().equals(model) ? 1 : 2)
                .thenComparing(byUse))
        .toList();
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> list = Files.list(directory)) {
      return list.toList();
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
  }
}
