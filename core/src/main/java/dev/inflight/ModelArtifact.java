package dev.inflight;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * One version as files whose SHA-256 is known. A backend reads them only through {@link #read},
 * which hashes what it reads: no byte reaches a parser that is not the byte that was verified.
 */
public final class ModelArtifact {
  private static final int MAX_FILES = 10_000;

  private final String name;
  private final String version;
  private final Path directory;
  private final SortedMap<String, String> files;
  private final String digest;

  private ModelArtifact(String name, String version, Path directory, Map<String, String> files) {
    this.name = name;
    this.version = version;
    this.directory = directory;
    this.files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    this.digest = digestOf(this.files);
  }

  /**
   * {@return a version from files that were verified already, for repositories}
   *
   * @param directory that holds them; nobody else may write to it
   * @param files path relative to the directory, with {@code /}, to lower-case hex SHA-256
   */
  public static ModelArtifact of(
      String name, String version, Path directory, Map<String, String> files) {
    return new ModelArtifact(name, version, directory, files);
  }

  /**
   * {@return a version from a file or directory as it is now} Whatever it holds is taken as right,
   * and must not change until it is loaded.
   *
   * @throws ModelLoadException if it cannot be read
   */
  public static ModelArtifact of(String name, String version, Path path) {
    try {
      Path directory = Files.isDirectory(path) ? path : path.toAbsolutePath().resolveSibling("");
      Map<String, String> files = new TreeMap<>();
      if (Files.isDirectory(path)) {
        try (Stream<Path> walk = Files.walk(path)) {
          for (Path file : walk.filter(Files::isRegularFile).limit(MAX_FILES).toList()) {
            files.put(path.relativize(file).toString().replace('\\', '/'), sha256(file));
          }
        }
      } else {
        files.put(path.getFileName().toString(), sha256(path));
      }
      return new ModelArtifact(name, version, directory, files);
    } catch (IOException e) {
      throw new ModelLoadException(
          ModelLoadException.Stage.FETCH,
          name + " v" + version + ": cannot read " + path.getFileName() + ": " + e,
          e);
    }
  }

  /** {@return the model's name} */
  public String name() {
    return name;
  }

  /** {@return the version, as the repository calls it} */
  public String version() {
    return version;
  }

  /** {@return name and version, as messages call it} */
  public String label() {
    return name + " v" + version;
  }

  /** {@return the files, by relative path, with their SHA-256 in lower-case hex} */
  public SortedMap<String, String> files() {
    return files;
  }

  /**
   * {@return the identity of the version: SHA-256 over {@code <sha256> <path>\n} of every file,
   * ordered by path; lower-case hex} Equal digests mean equal files.
   */
  public String digest() {
    return digest;
  }

  /**
   * {@return the extension of the one file called {@code model.*}, or of the only file there is, or
   * an empty string} This is what {@link ModelLoader#byFormat} picks by.
   */
  public String format() {
    List<String> models = files.keySet().stream().filter(f -> f.startsWith("model.")).toList();
    List<String> candidates = models.isEmpty() ? List.copyOf(files.keySet()) : models;
    if (candidates.size() != 1) {
      return "";
    }
    String file = candidates.get(0);
    return file.substring(file.lastIndexOf('.') + 1);
  }

  /**
   * {@return the file to load: {@code model.<extension>}, or the only one with that extension in
   * the top directory}
   *
   * @throws ModelLoadException if there is none or more than one; the message lists the files
   */
  public String modelFile(String extension) {
    String usual = "model." + extension;
    if (files.containsKey(usual)) {
      return usual;
    }
    List<String> candidates =
        files.keySet().stream()
            .filter(f -> f.endsWith("." + extension) && f.indexOf('/') < 0)
            .toList();
    if (candidates.size() != 1) {
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD,
          label()
              + ": expected "
              + usual
              + " or one file *."
              + extension
              + ", got "
              + files.keySet());
    }
    return candidates.get(0);
  }

  /**
   * {@return the bytes of a file, in a direct buffer of their own, position 0}
   *
   * @throws ModelLoadException of stage {@code VERIFY} if they are not the bytes that were
   *     verified, of {@code FETCH} if they cannot be read or are more than 2 GiB, of {@code LOAD}
   *     if the version has no such file
   */
  public ByteBuffer read(String file) {
    String expected = files.get(file);
    if (expected == null) {
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD,
          label() + ": no file '" + file + "', there are " + files.keySet());
    }
    try (FileChannel channel = FileChannel.open(directory.resolve(file), StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new ModelLoadException(
            ModelLoadException.Stage.FETCH,
            label()
                + ": file '"
                + file
                + "': expected at most 2 GiB, got "
                + channel.size()
                + " bytes");
      }
      ByteBuffer bytes = ByteBuffer.allocateDirect((int) channel.size());
      readFully(channel, bytes);
      MessageDigest sha = newSha256();
      sha.update(bytes.flip());
      String got = HexFormat.of().formatHex(sha.digest());
      if (!got.equals(expected)) {
        throw new ModelLoadException(
            ModelLoadException.Stage.VERIFY,
            label() + ": file '" + file + "': expected sha256 " + expected + ", got " + got);
      }
      return bytes.rewind();
    } catch (IOException e) {
      throw new ModelLoadException(
          ModelLoadException.Stage.FETCH, label() + ": cannot read '" + file + "': " + e, e);
    }
  }

  private static void readFully(ReadableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
      // a read may be short
    }
  }

  private static String digestOf(SortedMap<String, String> files) {
    MessageDigest sha = newSha256();
    files.forEach(
        (file, hash) -> sha.update((hash + "  " + file + "\n").getBytes(StandardCharsets.UTF_8)));
    return HexFormat.of().formatHex(sha.digest());
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), newSha256())) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(((DigestInputStream) in).getMessageDigest().digest());
    }
  }

  private static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** {@return name, version and files, without their directory} */
  @Override
  public String toString() {
    return label() + files.keySet();
  }
}
