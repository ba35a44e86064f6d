package dev.inflight.signing;

import dev.inflight.ModelArtifact;
import dev.inflight.repository.Manifest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The files of one version as they lie on disk, each with its SHA-256. Nothing else lies there: a
 * link or a special file is refused, whoever signed it.
 *
 * @param files relative path, with {@code /}, to lower-case hex SHA-256, in {@link #ORDER}
 */
record Contents(Path directory, SortedMap<String, String> files) {
  /** By Unicode code point, as the specification of OMS has it; UTF-8 keeps that order. */
  static final Comparator<String> ORDER =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  /** What the specification leaves out of a signature at the top of a model. */
  static final Set<String> IGNORED = Set.of(".git", ".gitignore", ".gitattributes", ".github");

  static Contents of(Path directory) throws IOException, Refusal {
    SortedMap<String, String> files = new TreeMap<>(ORDER);
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) walk::iterator) {
        String name = relative(directory, path);
        BasicFileAttributes is =
            Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (is.isRegularFile()) {
          requirePlain(name, "file");
          files.put(name, Manifest.copyHashed(path, OutputStream.nullOutputStream()));
        } else if (!is.isDirectory()) {
          throw new Refusal(
              "expected files and directories only, got a link or special file "
                  + Refusal.quoted(name));
        }
      }
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
    return new Contents(directory, files);
  }

  static String relative(Path directory, Path path) {
    StringJoiner name = new StringJoiner("/");
    directory.relativize(path).forEach(part -> name.add(part.toString()));
    return name.toString();
  }

  /** Refuses what is no path below a directory, everywhere and in one way only. */
  static void requirePlain(String name, String what) throws Refusal {
    boolean plain =
        name.indexOf('\\') < 0
            && name.codePoints().noneMatch(c -> Character.isISOControl(c) || c == 0xFFFD);
    for (String part : name.split("/", -1)) {
      plain &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
    }
    if (!plain) {
      throw new Refusal(what + ": expected a path inside the version, got " + Refusal.quoted(name));
    }
  }

  /** {@return whether a path is at or below one of these} */
  static boolean isBelow(String file, Set<String> paths) {
    if (paths.contains(file)) {
      return true;
    }
    for (int slash = file.indexOf('/'); slash >= 0; slash = file.indexOf('/', slash + 1)) {
      if (paths.contains(file.substring(0, slash))) {
        return true;
      }
    }
    return false;
  }

  /** {@return the files that a signature without further wishes covers} */
  SortedMap<String, String> signable() {
    SortedMap<String, String> signable = new TreeMap<>(files);
    signable
        .keySet()
        .removeIf(file -> isBelow(file, IGNORED) || VersionSignature.FILES.contains(file));
    return signable;
  }

  /** {@return the digest of names and bytes, of these files alone} */
  static String digest(Map<String, String> files) {
    return ModelArtifact.of("", "", Path.of(""), files).digest();
  }

  /**
   * {@return the root digest of OMS: SHA-256 over the SHA-256 of each file in the order of their
   * names} It does not cover the names themselves.
   */
  static String root(Iterable<String> digests) {
    MessageDigest sha = sha256();
    digests.forEach(digest -> sha.update(HexFormat.of().parseHex(digest)));
    return HexFormat.of().formatHex(sha.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
