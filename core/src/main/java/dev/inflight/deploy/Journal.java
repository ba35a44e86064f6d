package dev.inflight.deploy;

import dev.inflight.ModelArtifact;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a deployment notes for its next start, if it has a home: versions that must not serve, how
 * often bytes were tried, and the version that worked last, with its files.
 *
 * <p>Invariant: notes are written in the order in which they were made, off the caller's thread. A
 * note that the disk refuses is logged and stands in memory: the deployment goes on.
 */
final class Journal implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Journal.class);

  private final @Nullable Home home;
  private final String loss;
  private Memory memory; // guarded by this
  private CompletableFuture<Void> written = CompletableFuture.completedFuture(null);

  private Journal(@Nullable Home home) {
    this.home = home;
    memory = home == null ? Memory.NONE : home.memory();
    loss = home == null ? "" : home.loss();
  }

  /**
   * @throws UncheckedIOException if the home cannot be read and written
   * @throws IllegalStateException if another deployment has it
   */
  static Journal open(Optional<Path> home, String model) {
    try {
      return new Journal(home.isPresent() ? Home.open(home.get(), model) : null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  synchronized Map<String, Memory.Rejected> rejected() {
    return memory.rejected();
  }

  synchronized int attempts(String identity) {
    return memory.attempts().getOrDefault(identity, 0);
  }

  void reject(String identity, String version, String reason) {
    note(m -> m.withRejected(identity, new Memory.Rejected(version, reason, Instant.now())));
  }

  /** By identity, the evidence that canaries had gathered when they were interrupted. */
  synchronized Map<String, Map<String, String>> trials() {
    return memory.trials();
  }

  /** A canary begins, or goes on: the only one there is. */
  void begin(String identity, int attempt, Map<String, String> state) {
    note(m -> m.withAttempts(identity, attempt).withoutTrials().withTrial(identity, state));
  }

  /** How far it got. Stays in memory while something else is being written: more will come. */
  synchronized void progress(String identity, Map<String, String> state) {
    if (written.isDone()) {
      interrupt(identity, state);
    } else {
      memory = memory.withTrial(identity, state);
    }
  }

  /** How far it got, to go on from there. */
  void interrupt(String identity, Map<String, String> state) {
    note(m -> m.withTrial(identity, state));
  }

  /** Whatever was compared, the evidence is not needed again. */
  void end() {
    note(Memory::withoutTrials);
  }

  /** The content that served last, if that is known. */
  synchronized Optional<String> lastGood() {
    return memory.lastGood().map(Memory.Good::digest);
  }

  /** Why nothing is known of an earlier life that was; empty if all is. */
  String loss() {
    return loss;
  }

  /** Whether anything outlasts this. */
  boolean isKept() {
    return home != null;
  }

  void clear(String identity) {
    note(m -> m.withoutRejected(identity).withoutAttempts(identity));
  }

  /** It serves; its files are at {@code source} as long as it is resident. */
  synchronized void served(ModelArtifact artifact, Path source) {
    Home its = home;
    if (its == null) {
      return;
    }
    Memory.Good good = new Memory.Good(artifact.version(), artifact.digest(), Instant.now());
    memory = memory.withLastGood(good);
    Memory now = memory;
    write(
        () -> {
          its.keep(artifact, source);
          its.remember(now);
        });
  }

  private synchronized void note(UnaryOperator<Memory> change) {
    memory = change.apply(memory);
    Memory now = memory;
    Home its = home;
    if (its != null) {
      write(() -> its.remember(now));
    }
  }

  @FunctionalInterface
  private interface Write {
    void run() throws IOException;
  }

  private synchronized void write(Write write) {
    written =
        written.thenRunAsync(
            () -> {
              try {
                write.run();
              } catch (IOException | RuntimeException e) {
                log.warn("what the deployment learned was not kept", e);
              }
            },
            Clockwork.blocking());
  }

  /** {@return what can be had without the repository: the version that worked last} */
  Versions versions() {
    return new Versions(
        artifact()
            .map(
                good ->
                    List.of(
                        new Versions.Entry(
                            good.version(), good.digest(), Versions.State.AVAILABLE, "")))
            .orElse(List.of()));
  }

  private Optional<ModelArtifact> artifact() {
    return home == null ? Optional.empty() : home.lastGood();
  }

  /** {@return the version with that content, copied to {@code target}, if it is the one kept} */
  Optional<ModelArtifact> copy(String name, Versions.Entry entry, Path target) throws IOException {
    if (!isKept(entry.identity())) {
      return Optional.empty(); // before anything is read: the copy is hashed as a whole
    }
    Optional<ModelArtifact> kept =
        artifact().filter(good -> good.digest().equals(entry.identity()));
    if (kept.isEmpty()) {
      return Optional.empty();
    }
    for (String file : kept.get().files().keySet()) {
      Path copy = target.resolve(file);
      Files.createDirectories(copy.toAbsolutePath().getParent());
      ByteBuffer bytes = kept.get().read(file); // verified as it is read
      try (SeekableByteChannel out =
          Files.newByteChannel(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
      }
    }
    return Optional.of(ModelArtifact.of(name, entry.version(), target, kept.get().files()));
  }

  private synchronized boolean isKept(String identity) {
    return memory.lastGood().filter(good -> good.digest().equals(identity)).isPresent();
  }

  /** Waits for what is being written. */
  @Override
  public void close() {
    CompletableFuture<Void> last;
    synchronized (this) {
      last = written;
    }
    last.join();
    if (home != null) {
      home.close();
    }
  }
}
