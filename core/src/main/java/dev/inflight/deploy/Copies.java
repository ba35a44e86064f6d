package dev.inflight.deploy;

import dev.inflight.ModelArtifact;
import dev.inflight.files.OwnerOnly;
import dev.inflight.files.SealedFile;
import dev.inflight.files.SealedFile.DamagedException;
import dev.inflight.repository.Manifest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Verified copies of versions: {@code <digest>/files/...}, and {@code <digest>/contents} with the
 * SHA-256 of each. A directory of that name is there as a whole or not at all.
 */
final class Copies {
  private static final String FORMAT = "inflight contents 1";
  private static final String CONTENTS = "contents";
  private static final String FILES = "files";

  private final Path directory;

  /** Opens {@code directory}, creates it if need be, and removes what a crash left in it. */
  Copies(Path directory) throws IOException {
    this.directory = directory;
    OwnerOnly.directory(directory);
    OwnerOnly.clear(directory);
  }

  /**
   * Copies a version, unless a good copy of it is there already.
   *
   * @param source holds the artifact's files
   * @throws IOException if a file cannot be read or written, or is not what the artifact says; what
   *     was there before is still there
   */
  void keep(ModelArtifact artifact, Path source) throws IOException {
    Path copy = directory.resolve(artifact.digest());
    if (isGood(artifact.digest())) {
      return;
    }
    Path draft = OwnerOnly.temporary(directory);
    try {
      OwnerOnly.directory(draft);
      Path files = draft.resolve(FILES);
      OwnerOnly.directory(files);
      List<List<String>> contents = new ArrayList<>();
      for (Map.Entry<String, String> file : artifact.files().entrySet()) {
        copyFile(artifact.label(), file, inside(source, file.getKey()), files);
        contents.add(List.of(file.getKey(), file.getValue()));
      }
      SealedFile.write(draft, CONTENTS, FORMAT, contents);
      OwnerOnly.delete(copy); // a damaged one, or isGood() would have said so
      Files.move(draft, copy, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | RuntimeException | Error e) {
      OwnerOnly.deleteAfter(e, draft);
      throw e;
    }
    OwnerOnly.force(directory);
  }

  private static void copyFile(
      String label, Map.Entry<String, String> file, Path source, Path files) throws IOException {
    Path target = inside(files, file.getKey());
    OwnerOnly.parents(files, target);
    String got;
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (FileChannel channel = FileChannel.open(target, options, OwnerOnly.forFile(target));
        OutputStream out = Channels.newOutputStream(channel)) {
      got = Manifest.copyHashed(source, out);
      channel.force(true);
    }
    if (!got.equals(file.getValue())) {
      throw new IOException(
          label
              + ": file '"
              + file.getKey()
              + "' changed before it was kept: expected sha256 "
              + file.getValue()
              + ", got "
              + got);
    }
  }

  /** An artifact is told its paths by whoever made it: nothing may be read or written elsewhere. */
  private static Path inside(Path top, String file) {
    Path path = top.resolve(file).normalize();
    if (!path.startsWith(top) || path.equals(top)) {
      throw new IllegalArgumentException(
          "file '" + file + "': expected a path inside the version, got one outside");
    }
    return path;
  }

  private boolean isGood(String digest) {
    try {
      verified("", "", digest);
      return true;
    } catch (IOException e) {
      return false; // whatever is wrong with it, a new copy replaces it
    }
  }

  /**
   * {@return the copy, of which every byte was hashed just now}
   *
   * @throws IOException if a file is missing, too many, changed or cannot be read; the message says
   *     which, what was expected and what came
   */
  ModelArtifact verified(String model, String version, String digest) throws IOException {
    Path copy = directory.resolve(digest);
    Map<String, String> expected = new TreeMap<>();
    for (List<String> file : SealedFile.read(copy.resolve(CONTENTS), FORMAT)) {
      if (file.size() != 2) {
        throw new DamagedException("contents: expected path and sha256, got " + file);
      }
      expected.put(file.get(0), file.get(1));
    }
    Path files = copy.resolve(FILES);
    ModelArtifact artifact = ModelArtifact.of(model, version, files, expected);
    if (!artifact.digest().equals(digest)) {
      throw new DamagedException(
          "contents: expected digest " + digest + ", got " + artifact.digest());
    }
    Set<String> names = new TreeSet<>(expected.keySet());
    Map<String, String> got = hashes(copy, files);
    names.addAll(got.keySet());
    for (String name : names) {
      String hash = got.get(name);
      if (!expected.containsKey(name)) {
        throw new DamagedException("file '" + name + "': expected none, got " + hash);
      }
      if (hash == null || !hash.equals(expected.get(name))) {
        throw new DamagedException(
            "file '"
                + name
                + "': expected sha256 "
                + expected.get(name)
                + ", got "
                + (hash == null ? "no file" : hash));
      }
    }
    return artifact;
  }

  /** All there is but the contents, by its path below {@code files}. */
  private static Map<String, String> hashes(Path copy, Path files) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    String separator = copy.getFileSystem().getSeparator();
    try (Stream<Path> walk = Files.walk(copy)) {
      for (Path path : (Iterable<Path>) walk::iterator) {
        String name = files.relativize(path).toString().replace(separator, "/");
        if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          hashes.put(name, Manifest.copyHashed(path, OutputStream.nullOutputStream()));
        } else if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          hashes.put(name, "a link or special file");
        }
      }
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
    hashes.remove("../" + CONTENTS);
    return hashes;
  }

  /** Removes the copies of all versions but these. */
  void removeAllBut(Set<String> digests) throws IOException {
    List<Path> others;
    try (Stream<Path> list = Files.list(directory)) {
      others = list.filter(path -> !digests.contains(path.getFileName().toString())).toList();
    }
    for (Path other : others) {
      OwnerOnly.delete(other);
    }
  }
}
