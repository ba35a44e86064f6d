package dev.inflight.repository;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The SHA-256 of every file of a version, in the format of {@code sha256sum}, beside the version:
 * {@code models/iris/2.sha256} for {@code models/iris/2/}. Paths are relative to the version's
 * directory; a leading {@code 2/} is accepted, so the file may also come from {@code sha256sum 2/*
 * > 2.sha256}.
 */
public final class Manifest {
  /** Hash, blank, blank or {@code *}, path. */
  private static final Pattern LINE = Pattern.compile("([0-9a-fA-F]{64}) [ *](.+)");

  private static final long MAX_BYTES = 4 << 20;

  private final SortedMap<String, String> files;

  private Manifest(Map<String, String> files) {
    this.files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /** {@return relative path, with {@code /}, to lower-case hex SHA-256} */
  public SortedMap<String, String> files() {
    return files;
  }

  /** {@return where the manifest of a version's directory is} */
  public static Path beside(Path version) {
    return version.resolveSibling(version.getFileName() + ".sha256");
  }

  /**
   * Hashes every file below {@code version} and writes the manifest beside it, whole or not at all.
   *
   * @throws IOException if the directory cannot be read, holds a symbolic link, or the manifest
   *     cannot be written
   */
  public static Manifest write(Path version) throws IOException {
    Manifest manifest = new Manifest(hashes(version));
    StringBuilder text = new StringBuilder();
    manifest.files.forEach(
        (file, hash) -> text.append(hash).append("  ").append(file).append('\n'));
    Path target = beside(version);
    Path draft = Files.createTempFile(target.toAbsolutePath().getParent(), ".manifest", ".tmp");
    Files.writeString(draft, text);
    Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return manifest;
  }

  /**
   * {@return the manifest beside a version}
   *
   * @throws NoSuchFileException if there is none
   * @throws IllegalArgumentException if a line is not of the format, a path leaves the version, or
   *     a file is named twice
   * @throws IOException if it cannot be read
   */
  public static Manifest read(Path version) throws IOException {
    Path file = beside(version);
    if (Files.exists(file) && Files.size(file) > MAX_BYTES) {
      throw new IllegalArgumentException(
          file.getFileName()
              + ": expected at most "
              + MAX_BYTES
              + " bytes, got "
              + Files.size(file));
    }
    Map<String, String> files = new TreeMap<>();
    String prefix = version.getFileName() + "/";
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    for (int i = 0; i < lines.size(); i++) {
      Matcher line = LINE.matcher(lines.get(i));
      if (!line.matches()) {
        throw new IllegalArgumentException(
            file.getFileName() + " line " + (i + 1) + ": expected '<64 hex digits>  <path>'");
      }
      String path = line.group(2);
      path = path.startsWith("./") ? path.substring(2) : path;
      path = path.startsWith(prefix) ? path.substring(prefix.length()) : path;
      requireInside(file, i + 1, path);
      if (files.put(path, line.group(1).toLowerCase(java.util.Locale.ROOT)) != null) {
        throw new IllegalArgumentException(
            file.getFileName() + " line " + (i + 1) + ": '" + path + "' is there twice");
      }
    }
    if (files.isEmpty()) {
      throw new IllegalArgumentException(
          file.getFileName() + ": expected at least one file, got none");
    }
    return new Manifest(files);
  }

  private static void requireInside(Path file, int line, String path) {
    boolean inside =
        !path.startsWith("/")
            && path.indexOf('\\') < 0
            && path.chars().noneMatch(Character::isISOControl)
            && path.indexOf(':') < 0;
    for (String part : path.split("/", -1)) {
      inside &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
    }
    if (!inside) {
      throw new IllegalArgumentException(
          file.getFileName()
              + " line "
              + line
              + ": expected a path inside the version, got '"
              + path.replaceAll("\\p{Cntrl}", "?")
              + "'");
    }
  }

  private static Map<String, String> hashes(Path version) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    for (Path file : filesBelow(version)) {
      hashes.put(
          version.relativize(file).toString().replace('\\', '/'),
          copyHashed(file, OutputStream.nullOutputStream()));
    }
    return hashes;
  }

  /**
   * Regular files only: whoever follows a link reads what nobody verified.
   *
   * @throws NoSuchFileException if one goes away meanwhile, which says nothing about what it was
   */
  static List<Path> filesBelow(Path version) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(version)) {
      for (Path path : (Iterable<Path>) walk::iterator) {
        BasicFileAttributes is =
            Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (is.isRegularFile()) {
          files.add(path);
        } else if (!is.isDirectory()) {
          throw new IOException(
              "expected files and directories only, got a link or special file: "
                  + version.relativize(path));
        }
      }
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
    return files;
  }

  /**
   * {@return the SHA-256 of what was copied, lower-case hex} The target stays open.
   *
   * @throws IOException if the file cannot be read, is a symbolic link, or the target cannot be
   *     written
   */
  public static String copyHashed(Path file, OutputStream target) throws IOException {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    try (InputStream in =
        new DigestInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), sha)) {
      in.transferTo(target);
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  /**
   * Writes the manifest of each version directory given: {@code java -cp inflight-core.jar
   * dev.inflight.repository.Manifest models/iris/2}.
   */
  public static void main(String... versions) throws IOException {
    run(System.out, versions);
  }

  static void run(PrintStream out, String... versions) throws IOException {
    if (versions.length == 0) {
      throw new IllegalArgumentException("expected version directories, such as models/iris/2");
    }
    for (String version : versions) {
      Path directory = Path.of(version).toAbsolutePath().normalize();
      Manifest manifest = write(directory);
      out.println(beside(directory) + ": " + manifest.files().size() + " files");
    }
  }
}
