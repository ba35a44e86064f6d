package dev.inflight.dvc;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An entry of {@code outs}.
 *
 * @param path in the repository
 * @param source the file that has it
 * @param hash none if DVC keeps it by something else
 * @param cached false if Git keeps it
 * @param pushed false if no remote ever gets it
 * @param plain whether the remote keeps it under its own name
 * @param origin the import that made it
 */
record Output(
    String path,
    String source,
    Optional<Data.Hash> hash,
    long bytes,
    int files,
    String remote,
    boolean cached,
    boolean pushed,
    boolean plain,
    Optional<Origin> origin) {
  /** Where an import comes from; the revision is a commit. */
  record Origin(String url, String revision, String path) {}

  /**
   * {@return an entry}
   *
   * @param directory that its path is relative to
   * @param flags what {@code dvc.yaml} says beside what the entry itself does
   */
  static Output parse(
      String source,
      String directory,
      Map<String, @Nullable Object> entry,
      Map<String, @Nullable Object> flags,
      Optional<Origin> origin)
      throws RefusedException {
    String md5 = YamlFile.text(entry, "md5");
    boolean legacy = !entry.containsKey("hash");
    Map<String, @Nullable Object> all = YamlFile.map(flags);
    all.putAll(entry);
    return new Output(
        Paths.resolve(directory, YamlFile.text(entry, "path")),
        source,
        md5.isEmpty() ? Optional.empty() : Optional.of(Data.Hash.parse(md5, legacy)),
        number(source, entry, "size"),
        (int) number(source, entry, "nfiles"),
        YamlFile.text(all, "remote"),
        !YamlFile.text(all, "cache").equals("false"),
        !YamlFile.text(all, "push").equals("false"),
        entry.containsKey("cloud") || entry.containsKey("files"),
        origin);
  }

  private static long number(String source, Map<String, @Nullable Object> entry, String key)
      throws RefusedException {
    String text = YamlFile.text(entry, key);
    if (text.isEmpty()) {
      return -1;
    }
    if (!text.matches(key.equals("nfiles") ? "[0-9]{1,9}" : "[0-9]{1,18}")) {
      throw new RefusedException(
          "file '" + source + "': expected a number as " + key + ", got another value");
    }
    return Long.parseLong(text);
  }

  /** {@return where a path is that is this one or below it} */
  Data data(String wanted) throws RefusedException {
    if (plain) {
      throw new RefusedException(
          "'"
              + path
              + "': expected a remote that keeps files by digest, got a version-aware or worktree"
              + " remote: push to another remote");
    }
    if (!pushed && origin.isEmpty()) {
      throw new RefusedException("'" + path + "': expected it in a remote, got 'push: false'");
    }
    Data.Hash digest =
        hash.orElseThrow(
            () ->
                new RefusedException(
                    "'" + path + "': expected an md5 in " + source + ", got none"));
    Data.Stored stored = new Data.Stored(path, digest, bytes, files, remote);
    if (!wanted.equals(path)) {
      if (!digest.directory() || origin.isPresent()) {
        throw new RefusedException(
            "'" + wanted + "': expected '" + path + "' to be a directory of this repository");
      }
      return new Data.Part(wanted, stored, wanted.substring(path.length() + 1));
    }
    return origin.isPresent()
        ? new Data.Imported(
            path, origin.get().url(), origin.get().revision(), origin.get().path(), stored)
        : stored;
  }

  /** {@return what {@code deps} of an import say; empty if it is none} */
  static Optional<Origin> origin(Map<String, @Nullable Object> dvcFile) {
    List<@Nullable Object> deps = YamlFile.list(dvcFile.get("deps"));
    if (deps.size() != 1) {
      return Optional.empty();
    }
    Map<String, @Nullable Object> dep = YamlFile.map(deps.get(0));
    Map<String, @Nullable Object> repo = YamlFile.map(dep.get("repo"));
    String url = YamlFile.text(repo, "url");
    return url.isEmpty()
        ? Optional.empty()
        : Optional.of(new Origin(url, YamlFile.text(repo, "rev_lock"), YamlFile.text(dep, "path")));
  }
}
