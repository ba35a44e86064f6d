package dev.inflight.testkit;

/** A file that must not be written where it says, or not be read. */
public enum Hostile {
  /** {@code ../escaped}. */
  PARENT("../escaped"),
  /** {@code sub/../../escaped}. */
  NESTED_PARENT("sub/../../escaped"),
  /** A path that begins at the root. */
  ABSOLUTE("/tmp/inflight-escaped"),
  /** Two dots for whoever decodes the name once more. */
  ENCODED("%2e%2e/escaped"),
  /** Two dots for Windows. */
  BACKSLASH("..\\escaped"),
  /** A name that ends early for whoever hands it to C. */
  NUL("model.onnx\0.txt"),
  /** A name that breaks the lines of a log. */
  CONTROL("model\n.onnx"),
  /** More directories than any model has. */
  DEEP("d/".repeat(200) + "f"),
  /** A symbolic link to a file outside; the name is the link's. */
  SYMBOLIC_LINK("link");

  private final String path;

  Hostile(String path) {
    this.path = path;
  }

  /** {@return what the source calls the file} */
  public String path() {
    return path;
  }
}
