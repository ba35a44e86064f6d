package dev.inflight.dvc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What DVC knows beside a commit's data: the configuration of the commit, and of the working tree
 * if there is one.
 *
 * @param config of both, without the secrets of the working tree
 * @param dvc the directory {@code .dvc} of the working tree
 * @param credentials of the working tree, for the servers that it names itself
 */
record Checkout(DvcConfig config, Optional<Path> dvc, List<Remotes.Credentials> credentials) {
  private static final String DIRECTORY = ".dvc";
  private static final String CONFIG = "config";

  /** {@return what is nearest above a path: a project of DVC may be in a subdirectory} */
  static Checkout of(Commit commit, String path, Optional<Path> workTree)
      throws IOException, RefusedException {
    String directory = Paths.directory(path);
    Optional<String> text = commit.text(directory + DIRECTORY + "/" + CONFIG);
    while (text.isEmpty() && !directory.isEmpty()) {
      directory = Paths.directory(directory.substring(0, directory.length() - 1));
      text = commit.text(directory + DIRECTORY + "/" + CONFIG);
    }
    DvcConfig committed = DvcConfig.parse(text.orElse(""));
    if (workTree.isEmpty()) {
      return new Checkout(committed, Optional.empty(), List.of());
    }
    Path dvc = workTree.get().resolve(directory + DIRECTORY);
    DvcConfig local = file(dvc.resolve(CONFIG + ".local"));
    DvcConfig now = file(dvc.resolve(CONFIG)).and(local);
    List<Remotes.Credentials> credentials = new ArrayList<>();
    for (String name : local.remotes().keySet()) {
      if (now.url(name).orElse("").matches("(?i)https?://.*")) {
        Remotes.Credentials.of(name, now.remote(name)).ifPresent(credentials::add);
      }
    }
    return new Checkout(
        committed.and(local.withoutSecrets()), Optional.of(dvc), List.copyOf(credentials));
  }

  private static DvcConfig file(Path path) throws IOException {
    try {
      return DvcConfig.parse(Files.readString(path, StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      return DvcConfig.parse("");
    }
  }

  /** {@return what reads a remote, or says why nothing does} */
  Remote remote(Remotes remotes, String wanted) throws IOException {
    try {
      return remotes.and(credentials).open(config, wanted, dvc);
    } catch (RefusedException e) {
      return new Remote.Unreadable(wanted, e.reason());
    }
  }

  /** {@return the cache of the working tree} */
  Optional<Remote.Local> cache() {
    return dvc.map(directory -> directory.resolve("cache"))
        .filter(Files::isDirectory)
        .map(directory -> new Remote.Local("cache", directory));
  }
}
