package dev.inflight.dvc;

import dev.inflight.fetch.OmsRoot;
import dev.inflight.fetch.Staging;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What one commit says of its artifacts. */
record Project(Commit commit) {
  private static final String FILE = "dvc.yaml";
  private static final String LFS = "version https://git-lfs.github.com/spec/v1";
  private static final int MAX_LFS = 1_024;

  /**
   * An artifact of {@code dvc.yaml}, or a path.
   *
   * @param path of its file or directory
   * @param sha256 of its file, as its {@code meta} says
   * @param root digest of its files, as its {@code meta} says
   */
  record Artifact(String path, Optional<String> sha256, Optional<String> root) {}

  /**
   * {@return what an artifact is}
   *
   * @param name such as {@code fraud} or {@code models:fraud}
   * @throws RefusedException if the commit does not declare it
   */
  Artifact artifact(String name) throws IOException, RefusedException {
    Optional<Artifact> declared = declared(name);
    if (declared.isPresent()) {
      return declared.get();
    }
    int colon = name.indexOf(':');
    String file = (colon < 0 ? "" : name.substring(0, colon) + "/") + FILE;
    throw new RefusedException(
        "expected artifact '"
            + name.substring(colon + 1)
            + "' below 'artifacts' of "
            + file
            + " at "
            + commit.id()
            + ", got "
            + (commit.find(file).isEmpty() ? "no such file" : names(file)));
  }

  /** {@return an artifact, else what lies at that path} */
  Artifact artifactOrPath(String name) throws IOException, RefusedException {
    Optional<Artifact> declared =
        GtoTag.ARTIFACT.matcher(name).matches() ? declared(name) : Optional.empty();
    if (declared.isPresent()) {
      return declared.get();
    }
    return new Artifact(Paths.resolve("", name), Optional.empty(), Optional.empty());
  }

  private String names(String file) throws IOException, RefusedException {
    Map<String, @Nullable Object> yaml = YamlFile.parse(file, commit.text(file).orElse(""));
    return Staging.printable(YamlFile.map(yaml.get("artifacts")).keySet().toString());
  }

  private Optional<Artifact> declared(String name) throws IOException, RefusedException {
    int colon = name.indexOf(':');
    String directory = colon < 0 ? "" : Paths.resolve("", name.substring(0, colon)) + "/";
    Optional<String> text = commit.text(directory + FILE);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Map<String, @Nullable Object> yaml = YamlFile.parse(directory + FILE, text.get());
    Object declared = YamlFile.map(yaml.get("artifacts")).get(name.substring(colon + 1));
    if (!(declared instanceof Map<?, ?>)) {
      return Optional.empty();
    }
    String path = YamlFile.text(YamlFile.map(declared), "path");
    if (path.isEmpty()) {
      throw new RefusedException("artifact '" + name + "': expected a path, got none");
    }
    if (path.contains("${")) {
      path = Template.of(commit, directory, yaml).fill(path);
    }
    Map<String, @Nullable Object> meta = YamlFile.map(YamlFile.map(declared).get("meta"));
    return Optional.of(
        new Artifact(
            Paths.resolve(directory, path), digest(meta, "sha256"), digest(meta, OmsRoot.TAG)));
  }

  /** Nonsense counts, and fits no file. */
  private static Optional<String> digest(Map<String, @Nullable Object> meta, String key) {
    Object value = meta.get(key);
    return value == null
        ? Optional.empty()
        : Optional.of(value.toString().strip().toLowerCase(Locale.ROOT));
  }

  /**
   * {@return where the bytes of a path are}
   *
   * @throws RefusedException if they are nowhere we can read
   */
  Data data(String path) throws IOException, RefusedException {
    Optional<Commit.Node> inGit = commit.find(path);
    Optional<Output> output = new Outputs(commit).find(path);
    if (output.isPresent()) {
      Output found = output.get();
      if (found.path().equals(path) && (!found.cached() || inGit.isPresent())) {
        Commit.Node node = inGit.orElseThrow(() -> nowhere(path));
        return inGit(path, node, found.hash());
      }
      return found.data(path);
    }
    return inGit(path, inGit.orElseThrow(() -> nowhere(path)), Optional.empty());
  }

  private RefusedException nowhere(String path) {
    return new RefusedException(
        "expected '"
            + Staging.printable(path)
            + "' in DVC or in Git at "
            + commit.id()
            + ", got none");
  }

  private Data inGit(String path, Commit.Node node, Optional<Data.Hash> hash)
      throws IOException, RefusedException {
    List<Commit.Node> files =
        node.kind() == Commit.Kind.DIRECTORY ? commit.below(node, any -> true) : List.of(node);
    for (Commit.Node file : files) {
      if (file.kind() == Commit.Kind.OTHER) {
        throw new RefusedException(
            "expected files only, got a link or a module: '"
                + Staging.printable(file.path())
                + "'");
      }
      if (isLfs(file)) {
        throw new RefusedException(
            "file '"
                + Staging.printable(file.path())
                + "': expected the model, got a pointer of Git LFS: track it with dvc add instead");
      }
    }
    return new Data.InGit(path, commit, node, hash);
  }

  private boolean isLfs(Commit.Node file) throws IOException, RefusedException {
    return commit.size(file) < MAX_LFS && commit.text(file).startsWith(LFS);
  }
}
