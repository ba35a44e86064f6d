package dev.inflight.dvc;

import java.util.ArrayDeque;
import java.util.Deque;

/** Paths in a repository: names with {@code /} between, the root being empty. */
final class Paths {
  private Paths() {}

  /** {@return the directory of a file, with a slash at its end unless it is the root} */
  static String directory(String path) {
    return path.substring(0, path.lastIndexOf('/') + 1);
  }

  /**
   * {@return a path as seen from a directory}
   *
   * @throws RefusedException if it leads out of the repository
   */
  static String resolve(String directory, String path) throws RefusedException {
    String all = path.startsWith("/") ? path : directory + "/" + path;
    if (path.startsWith("/") || path.contains("\\") || path.contains(":")) {
      throw new RefusedException(
          "expected a relative path, got '" + dev.inflight.fetch.Staging.printable(path) + "'");
    }
    Deque<String> names = new ArrayDeque<>();
    for (String name : all.split("/", -1)) {
      if (name.equals("..") && names.pollLast() == null) {
        throw new RefusedException(
            "expected a path in the repository, got '"
                + dev.inflight.fetch.Staging.printable(path)
                + "'");
      }
      if (!name.isEmpty() && !name.equals(".") && !name.equals("..")) {
        names.add(name);
      }
    }
    return String.join("/", names);
  }
}
