package dev.inflight.fetch;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.files.SealedFile;
import dev.inflight.files.SealedFile.DamagedException;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a version in a cache consists of.
 *
 * @param model as its repository calls it
 * @param version as its repository calls it
 * @param identity of its content
 * @param files path to what is there, each path one that {@link Staging#requireInside} lets pass
 */
record Description(
    String model, String version, String identity, SortedMap<String, Content> files) {
  /** What a source could have let pass, and still no path of a thousand names. */
  private static final FetchLimits LIMITS = new FetchLimits(Long.MAX_VALUE, Integer.MAX_VALUE, 64);

  private static final String FORMAT = "inflight cached version 1";
  private static final String IS = "is";
  private static final String FILE = "file";
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern BYTES = Pattern.compile("[0-9]{1,18}");

  /** The bytes of a file. */
  record Content(String sha256, long bytes) {}

  Description {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /**
   * {@return what arrived}
   *
   * @param directory that holds the artifact's files
   * @throws ModelLoadException if a path is none that a cache takes
   */
  static Description of(
      String model, Versions.Entry version, ModelArtifact artifact, Path directory)
      throws IOException {
    SortedMap<String, Content> files = new TreeMap<>();
    Staging names = staging(artifact.label(), directory);
    for (Map.Entry<String, String> file : artifact.files().entrySet()) {
      names.requireInside(file.getKey());
      long bytes = Files.size(directory.resolve(file.getKey()));
      files.put(file.getKey(), new Content(file.getValue(), bytes));
    }
    return new Description(model, version.version(), version.identity(), files);
  }

  /** {@return the name of its file: any text may be in the names that it is made of} */
  static String key(String model, String version, String identity) {
    return name("inflight key of a version", List.of(model, version, identity));
  }

  String key() {
    return key(model, version, identity);
  }

  /** {@return a name that any file system takes, another for any other fields} */
  static String name(String kind, List<String> fields) {
    byte[] text = SealedFile.bytes(kind, List.of(fields));
    return HexFormat.of().formatHex(Hashing.digest("SHA-256").digest(text));
  }

  String label() {
    return model + " v" + version;
  }

  static Staging staging(String label, Path target) {
    return new Staging(label, target, LIMITS, FetchListener.NONE);
  }

  /** {@return the bytes of each, by SHA-256} */
  Map<String, Long> objects() {
    Map<String, Long> objects = new HashMap<>();
    files.values().forEach(content -> objects.put(content.sha256(), content.bytes()));
    return objects;
  }

  /** Of all its objects; what two paths share is there once. */
  long bytes() {
    return objects().values().stream().mapToLong(Long::longValue).sum();
  }

  void write(Path directory) throws IOException {
    List<List<String>> records = new ArrayList<>();
    records.add(List.of(IS, model, version, identity));
    files.forEach(
        (path, content) ->
            records.add(List.of(FILE, content.sha256(), Long.toString(content.bytes()), path)));
    SealedFile.write(directory, key(), FORMAT, records);
  }

  /**
   * {@return what is in a file}
   *
   * @throws DamagedException if that is no description of what the file is called
   */
  static Description read(Path file) throws IOException {
    List<List<String>> records = SealedFile.read(file, FORMAT);
    List<String> first = records.isEmpty() ? List.of() : records.get(0);
    if (first.size() != 4 || !first.get(0).equals(IS)) {
      throw new DamagedException("expected what it describes, got " + first.size() + " fields");
    }
    String key = key(first.get(1), first.get(2), first.get(3));
    if (!key.equals(String.valueOf(file.getFileName()))) {
      throw new DamagedException("expected it to be called " + key + ", got another name");
    }
    SortedMap<String, Content> files = new TreeMap<>();
    Staging names = staging(first.get(1) + " v" + first.get(2), file);
    for (List<String> record : records.subList(1, records.size())) {
      boolean isFile =
          record.size() == 4
              && record.get(0).equals(FILE)
              && SHA256.matcher(record.get(1)).matches()
              && BYTES.matcher(record.get(2)).matches();
      if (!isFile) {
        throw new DamagedException("expected sha256, bytes and path of a file, got other fields");
      }
      Content content = new Content(record.get(1), Long.parseLong(record.get(2)));
      if (files.put(record.get(3), content) != null) {
        throw new DamagedException("expected each file once, got one twice");
      }
      try {
        names.requireInside(record.get(3));
      } catch (ModelLoadException e) {
        throw new DamagedException(String.valueOf(e.getMessage()));
      }
    }
    return new Description(first.get(1), first.get(2), first.get(3), files);
  }
}
