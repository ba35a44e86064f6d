package dev.inflight.deploy;

import dev.inflight.ModelArtifact;
import dev.inflight.files.OwnerOnly;
import dev.inflight.files.SealedFile;
import dev.inflight.files.SealedFile.DamagedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What survives a restart of one deployment, in {@code <home>/<model>/}: what it remembers, and a
 * copy of the version that worked last, for when the repository cannot be reached or holds only bad
 * ones. Safe for several threads; a call waits for the one before it, which may copy a model.
 */
final class Home implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Home.class);
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");
  private static final String FORMAT = "inflight state 1";
  private static final String STATE = "state";
  private static final String DAMAGED = "state.damaged";

  private final String subject;
  private final String model;
  private final Path directory;
  private final HomeLock lock;
  private final Copies copies;
  private Memory memory;
  private String loss = "";

  /** The copy made last, which is remembered only after it was made. */
  private String kept = "";

  private boolean closed;

  private Home(String subject, String model, Path directory, HomeLock lock) throws IOException {
    this.subject = subject;
    this.model = model;
    this.directory = directory;
    this.lock = lock;
    // To find out now, and not when a version went live.
    Files.createFile(OwnerOnly.temporary(directory));
    OwnerOnly.clear(directory);
    copies = new Copies(directory.resolve("versions"));
    memory = read();
  }

  /**
   * {@return the home of a model's deployment, which has it for itself until it is closed}
   *
   * @throws IllegalArgumentException if the name cannot be one of a directory
   * @throws IllegalStateException if another deployment has it, here or in another process
   * @throws IOException if it cannot be read and written
   */
  static Home open(Path home, String model) throws IOException {
    if (!NAME.matcher(model).matches()) {
      throw new IllegalArgumentException("model name: expected " + NAME + ", got '" + model + "'");
    }
    Path directory = home.toAbsolutePath().normalize().resolve(model);
    String subject = "home of " + model;
    try {
      OwnerOnly.directory(directory);
      HomeLock lock = HomeLock.take(directory, subject);
      try {
        return new Home(subject, model, directory, lock);
      } catch (IOException | RuntimeException | Error e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw new IOException(
          subject + ": expected to read and write " + directory + ", got " + e, e);
    }
  }

  private Memory read() throws IOException {
    Path state = directory.resolve(STATE);
    if (!Files.exists(state, LinkOption.NOFOLLOW_LINKS)) {
      return Memory.NONE;
    }
    String difference;
    try {
      return MemoryRecords.memory(SealedFile.read(state, FORMAT));
    } catch (DamagedException | IllegalArgumentException e) {
      difference = String.valueOf(e.getMessage());
    }
    Path aside = directory.resolve(DAMAGED);
    OwnerOnly.delete(aside);
    Files.move(state, aside, StandardCopyOption.ATOMIC_MOVE);
    loss = "what was kept was damaged: " + difference;
    log.warn(
        "{}: {}: {}; set aside as {}, and starting as if there was none",
        subject,
        state,
        difference,
        DAMAGED);
    return Memory.NONE;
  }

  /** {@return why nothing is known of an earlier life that was; empty if all is} */
  synchronized String loss() {
    return loss;
  }

  /** {@return what is on disk} */
  synchronized Memory memory() {
    return memory;
  }

  /**
   * Writes what the next process shall know, and removes copies that are no longer good for
   * anything.
   *
   * @throws IOException if it cannot be written; what was remembered before still is
   * @throws IllegalStateException if this is closed
   */
  synchronized void remember(Memory now) throws IOException {
    requireOpen();
    if (now.equals(memory)) {
      return;
    }
    List<List<String>> records = MemoryRecords.of(now);
    try {
      SealedFile.write(directory, STATE, FORMAT, records);
    } catch (IOException e) {
      throw new IOException(
          subject + ": expected to write " + directory.resolve(STATE) + ", got " + e, e);
    }
    memory = now;
    prune();
  }

  /**
   * Copies a version's files and verifies them. Call it before the version is {@linkplain #remember
   * remembered} as the last good one: until then the copy of the one before stays.
   *
   * @param source holds the artifact's files
   * @throws IOException if it cannot be copied; nothing of it is left
   * @throws IllegalArgumentException if a path of the artifact leaves its directory
   * @throws IllegalStateException if this is closed
   */
  synchronized void keep(ModelArtifact artifact, Path source) throws IOException {
    requireOpen();
    try {
      copies.keep(artifact, source.toAbsolutePath().normalize());
    } catch (IOException e) {
      throw new IOException(
          subject + ": expected to keep " + artifact.label() + " in " + directory + ", got " + e,
          e);
    }
    kept = artifact.digest();
    prune();
  }

  /**
   * {@return the version that worked last, of which every byte was hashed just now; empty if there
   * is none, or after a warning if its copy is not as it was} Its files stay until another version
   * is the last good one: whoever loads it does not remove them.
   *
   * @throws IllegalStateException if this is closed
   */
  synchronized Optional<ModelArtifact> lastGood() {
    requireOpen();
    if (memory.lastGood().isEmpty()) {
      return Optional.empty();
    }
    Memory.Good good = memory.lastGood().get();
    try {
      return Optional.of(copies.verified(model, good.version(), good.digest()));
    } catch (IOException e) {
      log.warn(
          "{}: the copy of v{} is of no use: {}",
          subject,
          good.version(),
          e instanceof DamagedException ? e.getMessage() : e.toString());
      return Optional.empty();
    }
  }

  private void prune() {
    Set<String> needed = new HashSet<>(Set.of(kept));
    memory.lastGood().ifPresent(good -> needed.add(good.digest()));
    try {
      copies.removeAllBut(needed);
    } catch (IOException e) {
      // Costs room, and nothing else: what was asked for is done.
      log.warn("{}: old copies could not be removed: {}", subject, e.toString());
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(subject + ": expected it open, got closed");
    }
  }

  /** Lets others have it. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      lock.close();
    } catch (IOException e) {
      log.warn("{}: its lock could not be released: {}", subject, e.toString());
    }
  }

  /** {@return the directory} */
  @Override
  public String toString() {
    return directory.toString();
  }
}
