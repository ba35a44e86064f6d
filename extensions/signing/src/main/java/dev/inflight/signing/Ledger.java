package dev.inflight.signing;

import dev.inflight.files.OwnerOnly;
import dev.inflight.files.SealedFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What was accepted so far, in one file: of each model the key that signs it and the content of
 * each version. The file is {@linkplain SealedFile sealed}, and replaced under a lock that other
 * processes respect: a torn or edited one is an error, as taking it for empty would trust whatever
 * comes next.
 */
final class Ledger {
  private static final String FORMAT = "inflight-signing-ledger 1";
  private static final String SIGNER = "signer";
  private static final String VERSION = "version";
  private static final int MAX_BYTES = 64 << 20;

  /** Locks of files are between processes; threads have this one. */
  private static final ReentrantLock THREADS = new ReentrantLock();

  private final Path file;

  /** What is known of one model. */
  static final class Known {
    private Optional<PublicKey> signer = Optional.empty();
    private final Map<String, String> versions = new TreeMap<>();

    Optional<PublicKey> signer() {
      return signer;
    }

    void sign(PublicKey key) {
      signer = Optional.of(key);
    }

    /** Version to digest of its content. */
    Map<String, String> versions() {
      return versions;
    }
  }

  /** Looks at what is known of a model, and changes it or refuses. */
  @FunctionalInterface
  interface Step {
    void on(Known model) throws Refusal;
  }

  Ledger(Path file) {
    this.file = file.toAbsolutePath().normalize();
  }

  /**
   * Reads, lets {@code step} decide, and writes what it changed, one process after the other.
   *
   * @throws IOException if the file cannot be read or written, or is damaged
   */
  void update(String model, Step step) throws IOException, Refusal {
    Path directory = file.resolveSibling("");
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
    }
    THREADS.lock();
    try (FileChannel channel = lockFile(file.resolveSibling(file.getFileName() + ".lock"));
        FileLock lock = channel.lock()) {
      Map<String, Known> all = read();
      List<List<String>> before = records(all);
      step.on(all.computeIfAbsent(model, name -> new Known()));
      List<List<String>> after = records(all);
      if (lock.isValid() && !before.equals(after)) {
        SealedFile.write(directory, file.getFileName().toString(), FORMAT, after);
      }
    } finally {
      THREADS.unlock();
    }
  }

  private static FileChannel lockFile(Path path) throws IOException {
    return FileChannel.open(
        path,
        java.util.Set.of(
            StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
        OwnerOnly.forFile(path));
  }

  private Map<String, Known> read() throws IOException {
    try {
      if (!Files.isSymbolicLink(file) && Files.size(file) > MAX_BYTES) {
        throw damaged("expected at most " + MAX_BYTES + " bytes, got " + Files.size(file));
      }
      return known(SealedFile.read(file, FORMAT));
    } catch (NoSuchFileException e) {
      return new TreeMap<>();
    } catch (SealedFile.DamagedException e) {
      throw damaged(String.valueOf(e.getMessage()));
    }
  }

  private Map<String, Known> known(List<List<String>> records) throws IOException {
    Map<String, Known> all = new TreeMap<>();
    try {
      for (List<String> record : records) {
        Known model = all.computeIfAbsent(record.get(1), name -> new Known());
        if (record.get(0).equals(SIGNER)) {
          model.sign(Keys.of(Base64.getDecoder().decode(record.get(2))));
        } else {
          model.versions.put(record.get(2), record.get(3));
        }
      }
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new IOException(
          damaged("expected records of models, got something else").getMessage(), e);
    }
    return all;
  }

  private static List<List<String>> records(Map<String, Known> all) {
    List<List<String>> records = new ArrayList<>();
    all.forEach(
        (model, known) -> {
          known
              .signer()
              .map(key -> Base64.getEncoder().encodeToString(key.getEncoded()))
              .ifPresent(key -> records.add(List.of(SIGNER, model, key)));
          known
              .versions()
              .forEach(
                  (version, content) -> records.add(List.of(VERSION, model, version, content)));
        });
    return records;
  }

  private IOException damaged(String why) {
    return new IOException(
        file + ": " + why + "; restore it, or remove it to trust what comes first once more");
  }
}
