package dev.inflight.dvc;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.treewalk.TreeWalk;

/**
 * The files of one commit. Immutable, as Git's objects are; nothing is checked out.
 *
 * @param most entries that a walk looks at
 */
record Commit(Repository repository, RevCommit commit, int most) {
  private static final int MAX_TEXT = 4 << 20;

  /** What a path is in Git. */
  enum Kind {
    FILE,
    DIRECTORY,
    OTHER
  }

  /** A path, with {@code /}, of a tree. */
  record Node(String path, Kind kind, ObjectId id) {}

  String id() {
    return commit.name();
  }

  private static Kind kind(FileMode mode) {
    if (mode.equals(FileMode.REGULAR_FILE) || mode.equals(FileMode.EXECUTABLE_FILE)) {
      return Kind.FILE;
    }
    return mode.equals(FileMode.TREE) ? Kind.DIRECTORY : Kind.OTHER;
  }

  Optional<Node> find(String path) throws IOException {
    if (path.isEmpty()) {
      return Optional.of(new Node("", Kind.DIRECTORY, commit.getTree().getId()));
    }
    try (TreeWalk walk = TreeWalk.forPath(repository, path, commit.getTree())) {
      return walk == null
          ? Optional.empty()
          : Optional.of(new Node(path, kind(walk.getFileMode()), walk.getObjectId(0)));
    }
  }

  /** {@return what is below a directory and no directory, for which {@code wanted} holds} */
  List<Node> below(Node directory, Predicate<String> wanted) throws IOException, RefusedException {
    List<Node> found = new ArrayList<>();
    int seen = 0;
    try (TreeWalk walk = new TreeWalk(repository)) {
      walk.addTree(directory.id());
      walk.setRecursive(true);
      while (walk.next()) {
        if (++seen > most) {
          throw new RefusedException("expected at most " + most + " files in a commit, got more");
        }
        String path = walk.getPathString();
        if (wanted.test(path)) {
          found.add(new Node(path, kind(walk.getFileMode()), walk.getObjectId(0)));
        }
      }
    }
    return found;
  }

  /** {@return a file that people wrote; empty if there is none} */
  Optional<String> text(String path) throws IOException, RefusedException {
    Optional<Node> node = find(path);
    if (node.isEmpty() || node.get().kind() != Kind.FILE) {
      return Optional.empty();
    }
    return Optional.of(text(node.get()));
  }

  String text(Node file) throws IOException, RefusedException {
    if (size(file) > MAX_TEXT) {
      throw new RefusedException(
          "file '" + file.path() + "': expected at most " + MAX_TEXT + " bytes, got more");
    }
    try (InputStream in = open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private ObjectLoader loader(Node node) throws IOException {
    return repository.open(node.id());
  }

  long size(Node file) throws IOException {
    return loader(file).getSize();
  }

  /** {@return a file's bytes; the caller closes it} */
  InputStream open(Node file) throws IOException {
    return loader(file).openStream();
  }
}
