package dev.inflight.dvc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Stream;

/** Directories that only this user can read, gone with what they are for or with the process. */
final class PrivateDirectories {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rwx------");

  private PrivateDirectories() {}

  private static FileAttribute<?>[] attributes(Path where) throws IOException {
    return Files.getFileStore(where).supportsFileAttributeView("posix")
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER)}
        : new FileAttribute<?>[0];
  }

  /** {@return a new directory, deleted when {@code owner} is no longer used} */
  static Path create(Object owner) throws IOException {
    Path directory = Files.createTempDirectory("inflight-dvc-"); // 0700 where there are modes
    Thread atExit = new Thread(() -> delete(directory), "inflight-dvc-exit");
    Runtime.getRuntime().addShutdownHook(atExit);
    var unused = CLEANER.register(owner, () -> deleteNow(directory, atExit));
    return directory;
  }

  /** A hook that stays would keep the library's classes for as long as the process runs. */
  private static void deleteNow(Path directory, Thread atExit) {
    delete(directory);
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The process ends; the hook finds nothing left.
    }
  }

  /** {@return an absolute directory, made if it is not there} */
  static Path require(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (!Files.isDirectory(directory) && parent != null) {
      Files.createDirectories(parent);
      Files.createDirectory(directory, attributes(parent));
    }
    return directory;
  }

  private static void delete(Path directory) {
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | UncheckedIOException e) {
      // The system empties its directory for temporary files; nobody is left to be told.
    }
  }
}
