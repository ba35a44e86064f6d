package dev.inflight.signing;

import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What was accepted so far, in one file: of each model the key that signs it and the content of
 * each version. The file is replaced as a whole or not at all, under a lock that other processes
 * respect, and ends with the SHA-256 of all before it: a torn or edited one is an error, as taking
 * it for empty would trust whatever comes next.
 */
final class Ledger {
  private static final String FORMAT = "inflight-signing-ledger 1";
  private static final String SEAL = "sha256 ";
  private static final int SEAL_LENGTH = SEAL.length() + 64 + 1;
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
      byte[] before = bytes(all);
      step.on(all.computeIfAbsent(model, name -> new Known()));
      byte[] after = bytes(all);
      if (lock.isValid() && !Arrays.equals(before, after)) {
        write(after);
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
    byte[] bytes;
    try {
      if (Files.isSymbolicLink(file)) {
        throw damaged("a file, got a link");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw damaged("at most " + MAX_BYTES + " bytes, got " + Files.size(file));
      }
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return new TreeMap<>();
    }
    int length = bytes.length - SEAL_LENGTH;
    if (length < 0) {
      throw damaged("at least " + SEAL_LENGTH + " bytes, got " + bytes.length);
    }
    String text = new String(bytes, 0, length, StandardCharsets.US_ASCII);
    String seal = new String(bytes, length, SEAL_LENGTH, StandardCharsets.US_ASCII);
    if (!seal.equals(seal(Arrays.copyOf(bytes, length)))) {
      throw damaged("its last line to be the SHA-256 of the others, got another: torn or edited");
    }
    return parsed(text);
  }

  private Map<String, Known> parsed(String text) throws IOException {
    Map<String, Known> all = new TreeMap<>();
    List<String> lines = text.lines().toList();
    if (!lines.get(0).equals(FORMAT)) {
      throw damaged("format '" + FORMAT + "', got '" + lines.get(0) + "'");
    }
    try {
      for (String line : lines.subList(1, lines.size())) {
        String[] fields = line.split(" ", -1);
        Known model = all.computeIfAbsent(decoded(fields[1]), name -> new Known());
        if (fields[0].equals("signer")) {
          model.sign(Keys.of(Base64.getDecoder().decode(fields[2])));
        } else {
          model.versions.put(decoded(fields[2]), fields[3]);
        }
      }
    } catch (GeneralSecurityException | RuntimeException e) {
      throw new IOException(damaged("records of models, got something else").getMessage(), e);
    }
    return all;
  }

  private static byte[] bytes(Map<String, Known> all) {
    StringBuilder text = new StringBuilder(FORMAT).append('\n');
    all.forEach(
        (model, known) -> {
          String name = encoded(model);
          known
              .signer()
              .ifPresent(
                  key ->
                      text.append("signer ")
                          .append(name)
                          .append(' ')
                          .append(Base64.getEncoder().encodeToString(key.getEncoded()))
                          .append('\n'));
          known
              .versions()
              .forEach(
                  (version, content) ->
                      text.append("version ")
                          .append(name)
                          .append(' ')
                          .append(encoded(version))
                          .append(' ')
                          .append(content)
                          .append('\n'));
        });
    text.append(seal(text.toString().getBytes(StandardCharsets.US_ASCII)));
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private void write(byte[] bytes) throws IOException {
    OwnerOnly.write(file, bytes, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String seal(byte[] text) {
    return SEAL + HexFormat.of().formatHex(Contents.sha256().digest(text)) + '\n';
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private IOException damaged(String expected) {
    return new IOException(
        file
            + ": expected "
            + expected
            + "; restore it, or remove it to trust what comes first once more");
  }
}
