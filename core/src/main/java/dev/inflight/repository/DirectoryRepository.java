package dev.inflight.repository;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code <root>/<model>/<version>/...}, the layout of TensorFlow Serving and Triton. Versions are
 * whole numbers; other names are ignored. Everything in a version's directory is one unit.
 *
 * <p>A version with a {@linkplain Manifest manifest} is available as soon as every byte is what the
 * manifest says. One without is available when two polls in a row saw the same names, sizes and
 * times; its digest is recorded then. Once a version was available, other bytes under its number
 * are refused for the life of this object. A copy that pauses for longer than two polls looks
 * finished: where publishers are slow, let them write manifests, and {@linkplain #requireManifest()
 * require} them.
 *
 * <p>A file {@code <root>/<model>/@<alias>} that holds a version's number, and nothing else, is an
 * {@linkplain Versions#aliases() alias}. Replace it with a rename: half of a number may be another
 * number. A file that holds anything else, a link, or a file that cannot be read is no alias.
 */
public final class DirectoryRepository implements ModelRepository {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");
  private static final Pattern VERSION = Pattern.compile("0|[1-9][0-9]{0,17}");
  private static final Pattern ALIAS = Pattern.compile("@[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}");

  /** A number, and the blanks and line ends that editors and shells leave around it. */
  private static final int MAX_ALIAS_BYTES = 64;

  private final Path root;
  private final boolean manifestRequired;
  private final Map<String, Seen> seen = new HashMap<>();

  /** What the last look at a version found. */
  private static final class Seen {
    String listing = "";
    Map<String, String> files = Map.of();
    @Nullable String recorded;
    Versions.@Nullable Entry entry;
  }

  private DirectoryRepository(Path root, boolean manifestRequired) {
    this.root = root;
    this.manifestRequired = manifestRequired;
  }

  /** {@return the repository at {@code root}; nothing is read yet} */
  public static DirectoryRepository at(Path root) {
    return new DirectoryRepository(root.toAbsolutePath().normalize(), false);
  }

  /** {@return this repository, for which a version without a manifest is never available} */
  public DirectoryRepository requireManifest() {
    return new DirectoryRepository(root, true);
  }

  @Override
  public synchronized Versions versions(String model) throws IOException {
    Path directory = directory(model);
    List<Path> children;
    try (Stream<Path> list = Files.list(directory)) {
      children = list.toList();
    } catch (NoSuchFileException e) {
      return new Versions(List.of());
    }
    List<Versions.Entry> entries = new ArrayList<>();
    Map<String, String> aliases = new HashMap<>();
    for (Path child : children) {
      String name = child.getFileName().toString();
      if (VERSION.matcher(name).matches() && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
        entries.add(look(child, seen.computeIfAbsent(model + '/' + name, key -> new Seen())));
      } else if (ALIAS.matcher(name).matches()) {
        String target = aliased(child);
        if (VERSION.matcher(target).matches()) {
          aliases.put(name.substring(1), target);
        }
      }
    }
    return new Versions(entries, aliases);
  }

  /** What an alias says, which may be nonsense; empty if it cannot be read or is too long. */
  private static String aliased(Path file) {
    // Opening a pipe would wait for whoever writes to it.
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return "";
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] text = in.readNBytes(MAX_ALIAS_BYTES + 1);
      return text.length > MAX_ALIAS_BYTES ? "" : new String(text, StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private Path directory(String model) {
    if (!NAME.matcher(model).matches()) {
      throw new IllegalArgumentException("model name: expected " + NAME + ", got '" + model + "'");
    }
    return root.resolve(model);
  }

  private Versions.Entry look(Path version, Seen before) throws IOException {
    String name = version.getFileName().toString();
    try {
      String listing = listing(version);
      boolean same = listing.equals(before.listing);
      if (same && before.entry != null && before.entry.state() != Versions.State.PENDING) {
        return before.entry;
      }
      before.listing = listing;
      before.entry = judge(version, name, before, same);
    } catch (IOException | IllegalArgumentException e) {
      before.listing = "";
      // A file that goes away between two looks is a copy in progress, not the end of the
      // repository.
      before.entry =
          e instanceof NoSuchFileException
              ? new Versions.Entry(name, "", Versions.State.PENDING, "being written")
              : new Versions.Entry(
                  name, "", Versions.State.REFUSED, String.valueOf(e.getMessage()));
    }
    return before.entry;
  }

  private Versions.Entry judge(Path version, String name, Seen seen, boolean stable)
      throws IOException {
    boolean hasManifest = Files.exists(Manifest.beside(version));
    if (!hasManifest && (manifestRequired || !stable)) {
      return new Versions.Entry(
          name,
          "",
          Versions.State.PENDING,
          manifestRequired ? "no manifest yet" : "seen once, waiting for a second look");
    }
    Map<String, String> files = hashes(version);
    if (files.isEmpty()) {
      return new Versions.Entry(name, "", Versions.State.PENDING, "empty");
    }
    if (!listing(version).equals(seen.listing)) {
      // What was hashed is part of the one and part of the other.
      return new Versions.Entry(name, "", Versions.State.PENDING, "changed while it was looked at");
    }
    if (hasManifest) {
      String difference = difference(Manifest.read(version).files(), files);
      if (!difference.isEmpty()) {
        return new Versions.Entry(
            name, "", stable ? Versions.State.REFUSED : Versions.State.PENDING, difference);
      }
    }
    String identity = ModelArtifact.of("", name, version, files).digest();
    if (seen.recorded != null && !seen.recorded.equals(identity)) {
      return new Versions.Entry(
          name,
          identity,
          Versions.State.REFUSED,
          "its bytes changed: expected digest "
              + seen.recorded
              + " as first seen, got "
              + identity
              + "; publish a new version instead");
    }
    seen.recorded = identity;
    seen.files = files;
    return new Versions.Entry(name, identity, Versions.State.AVAILABLE, "");
  }

  private static String difference(SortedMap<String, String> expected, Map<String, String> got) {
    Set<String> names = new TreeSet<>(expected.keySet());
    names.addAll(got.keySet());
    for (String file : names) {
      if (!got.containsKey(file)) {
        return "file '" + file + "': expected by the manifest, missing";
      }
      if (!expected.containsKey(file)) {
        return "file '" + file + "': not in the manifest";
      }
      if (!expected.get(file).equals(got.get(file))) {
        return "file '"
            + file
            + "': expected sha256 "
            + expected.get(file)
            + ", got "
            + got.get(file);
      }
    }
    return "";
  }

  private static Map<String, String> hashes(Path version) throws IOException {
    Map<String, String> files = new TreeMap<>();
    for (Path file : Manifest.filesBelow(version)) {
      files.put(
          relative(version, file), Manifest.copyHashed(file, OutputStream.nullOutputStream()));
    }
    return files;
  }

  private static String relative(Path version, Path file) {
    return version.relativize(file).toString().replace('\\', '/');
  }

  /** Names, sizes and times of all files and of the manifest. */
  private static String listing(Path version) throws IOException {
    StringBuilder text = new StringBuilder();
    for (Path file : Manifest.filesBelow(version)) {
      text.append(relative(version, file))
          .append('|')
          .append(Files.size(file))
          .append('|')
          .append(Files.getLastModifiedTime(file).to(java.util.concurrent.TimeUnit.NANOSECONDS))
          .append('\n');
    }
    Path manifest = Manifest.beside(version);
    if (Files.exists(manifest)) {
      text.append(Files.size(manifest)).append('|').append(Files.getLastModifiedTime(manifest));
    }
    return text.toString();
  }

  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    Path source = directory(model).resolve(version.version());
    Map<String, String> files;
    synchronized (this) {
      Seen last = seen.get(model + '/' + version.version());
      if (last == null || !version.identity().equals(last.recorded)) {
        throw new ModelLoadException(
            ModelLoadException.Stage.FETCH,
            model
                + " v"
                + version.version()
                + ": expected an available version with digest "
                + version.identity()
                + ", got "
                + (last == null ? "none" : last.recorded));
      }
      files = last.files;
    }
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path copy = target.resolve(file.getKey());
      Files.createDirectories(copy.getParent());
      String got;
      try (OutputStream out = Files.newOutputStream(copy)) {
        got = Manifest.copyHashed(source.resolve(file.getKey()), out);
      } catch (NoSuchFileException e) {
        throw new ModelLoadException(
            ModelLoadException.Stage.FETCH,
            model
                + " v"
                + version.version()
                + ": file '"
                + file.getKey()
                + "': expected as it was at the last poll, got none",
            e);
      }
      if (!got.equals(file.getValue())) {
        throw new ModelLoadException(
            ModelLoadException.Stage.VERIFY,
            model
                + " v"
                + version.version()
                + ": file '"
                + file.getKey()
                + "' changed while it was copied: expected sha256 "
                + file.getValue()
                + ", got "
                + got);
      }
    }
    return ModelArtifact.of(model, version.version(), target, files);
  }

  /** {@return the directory and whether manifests are required} */
  @Override
  public String toString() {
    return root + (manifestRequired ? " (manifests required)" : "");
  }
}
