package dev.inflight.dvc;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/** Where the bytes of an artifact are, as a commit says. */
sealed interface Data {
  /** Of the digest of a directory. */
  String DIRECTORY = ".dir";

  /** {@return the path in the repository, whose last name is that of a single file} */
  String path();

  /** {@return equal for equal content, and another for other content} */
  String identity();

  /**
   * A digest of DVC.
   *
   * @param md5 32 digits in lower case, of the file, or of the list of a directory
   * @param directory whether it is of a list
   * @param legacy made by DVC before 3.0: in another place, with line ends of text as on Unix
   */
  record Hash(String md5, boolean directory, boolean legacy) {
    private static final Pattern MD5 = Pattern.compile("[0-9a-f]{32}");

    static Hash parse(String text, boolean legacy) throws RefusedException {
      boolean directory = text.endsWith(DIRECTORY);
      String md5 = directory ? text.substring(0, text.length() - DIRECTORY.length()) : text;
      if (!MD5.matcher(md5).matches()) {
        throw new RefusedException(
            "expected an md5 of 32 digits, got '"
                + dev.inflight.fetch.Staging.printable(text)
                + "'");
      }
      return new Hash(md5, directory, legacy);
    }

    /** {@return where it is below the root of a cache or a remote} */
    String object() {
      return (legacy ? "" : "files/md5/")
          + md5.substring(0, 2)
          + "/"
          + md5.substring(2)
          + (directory ? DIRECTORY : "");
    }

    @Override
    public String toString() {
      return (legacy ? "md5-dos2unix " : "md5 ") + md5 + (directory ? DIRECTORY : "");
    }
  }

  /**
   * In the cache and the remotes of DVC.
   *
   * @param bytes of all files; -1 if not said
   * @param files in a directory; -1 if not said
   * @param remote its own; empty for the default one
   */
  record Stored(String path, Hash hash, long bytes, int files, String remote) implements Data {
    @Override
    public String identity() {
      return digest(hash + (hash.directory() ? "" : "\n" + name()));
    }
  }

  /** A file or directory of a directory that is stored as one. */
  record Part(String path, Stored directory, String within) implements Data {
    @Override
    public String identity() {
      return digest(directory.hash() + "\n" + within);
    }
  }

  /**
   * In Git.
   *
   * @param hash that DVC recorded for it, if it did
   */
  record InGit(String path, Commit commit, Commit.Node node, Optional<Hash> hash) implements Data {
    @Override
    public String identity() {
      boolean file = node.kind() == Commit.Kind.FILE;
      return digest("git " + node.id().name() + (file ? "\n" + name() : ""));
    }
  }

  /**
   * In another repository of DVC.
   *
   * @param revision a commit of it
   * @param there the path in it
   * @param stored what was imported
   */
  record Imported(String path, String url, String revision, String there, Stored stored)
      implements Data {
    @Override
    public String identity() {
      return stored.identity();
    }
  }

  /** {@return the last name of the path} */
  default String name() {
    return path().substring(path().lastIndexOf('/') + 1);
  }

  private static String digest(String what) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update("dvc\n".getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sha.digest(what.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
