package dev.inflight.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/** Files and directories that only this process's user can read and write, where POSIX is. */
public final class OwnerOnly {
  private static final Set<PosixFilePermission> DIRECTORY =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final String TEMPORARY = "tmp-";

  private OwnerOnly() {}

  /** {@return with what a file is created that nobody else can read} */
  public static FileAttribute<?>[] forFile(Path file) {
    return attributes(file, FILE);
  }

  private static FileAttribute<?>[] attributes(Path path, Set<PosixFilePermission> permissions) {
    return isPosix(path)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
        : new FileAttribute<?>[0];
  }

  private static boolean isPosix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /** Creates a directory, and its parents as everybody does; shuts one that others could enter. */
  public static void directory(Path directory) throws IOException {
    Path parent = directory.getParent();
    // createDirectories() of JDK 17 refuses a link to a directory, which a home may well be in.
    if (parent != null && !Files.isDirectory(parent)) {
      Files.createDirectories(parent);
    }
    try {
      Files.createDirectory(directory, attributes(directory, DIRECTORY));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw new NotDirectoryException(directory.toString());
      }
      if (isPosix(directory)
          && !Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS)
              .equals(DIRECTORY)) {
        Files.setPosixFilePermissions(directory, DIRECTORY);
      }
    }
  }

  /** Creates the directories between {@code top}, which is there, and a file. */
  public static void parents(Path top, Path file) throws IOException {
    Path inside = top.relativize(file);
    for (int names = 1; names < inside.getNameCount(); names++) {
      directory(top.resolve(inside.subpath(0, names)));
    }
  }

  /** {@return a name in {@code directory} that nobody has, and that {@link #clear} removes} */
  public static Path temporary(Path directory) {
    return directory.resolve(TEMPORARY + UUID.randomUUID());
  }

  /** {@return whether {@link #temporary} gave that name} */
  public static boolean isTemporary(String name) {
    return name.startsWith(TEMPORARY);
  }

  /**
   * Writes a file, or replaces it. It is on disk before it has its name.
   *
   * @param attributes with which it is created: {@link #forFile}, or none if others may read it
   */
  public static void replace(Path file, byte[] bytes, FileAttribute<?>[] attributes)
      throws IOException {
    Path directory = file.resolveSibling("");
    Path draft = temporary(directory);
    try {
      Set<StandardOpenOption> options =
          Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      try (FileChannel channel = FileChannel.open(draft, options, attributes)) {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
          channel.write(left);
        }
        // A rename may reach the disk before the bytes do, and then names an empty file.
        channel.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException | RuntimeException | Error e) {
      deleteAfter(e, draft);
      throw e;
    }
    force(directory);
  }

  /** Removes what a process that ended in between left. */
  public static void clear(Path directory) throws IOException {
    List<Path> left;
    try (Stream<Path> list = Files.list(directory)) {
      left = list.filter(path -> isTemporary(path.getFileName().toString())).toList();
    }
    for (Path path : left) {
      delete(path);
    }
  }

  /** Removes a file, or a directory and all in it, if it is there. */
  public static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    List<Path> inner;
    try (Stream<Path> walk = Files.walk(path)) {
      inner = walk.sorted(Comparator.reverseOrder()).toList();
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path each : inner) {
      Files.delete(each);
    }
  }

  /** As {@link #delete}, on the way out with a failure that matters more. */
  public static void deleteAfter(Throwable failure, Path path) {
    try {
      delete(path);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  /** Makes renames in a directory survive a power cut, where a directory can be opened at all. */
  public static void force(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows: the file system does it by itself, or nobody can.
    }
  }
}
