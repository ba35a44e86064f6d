package dev.inflight.signing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.CopyOption;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.UUID;

/** Files that are there as a whole or not at all, and, where POSIX is, only for their owner. */
final class OwnerOnly {
  private OwnerOnly() {}

  static FileAttribute<?>[] forFile(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  /** As {@link #write(Path, byte[], FileAttribute[], CopyOption...)}, for the owner only. */
  static void write(Path file, byte[] bytes, CopyOption... options) throws IOException {
    write(file, bytes, forFile(file), options);
  }

  /**
   * Writes a file, on disk before it has its name.
   *
   * @param options {@code REPLACE_EXISTING} to replace a file that is there
   * @throws FileAlreadyExistsException if one is there and is not to be replaced
   */
  static void write(Path file, byte[] bytes, FileAttribute<?>[] attributes, CopyOption... options)
      throws IOException {
    if (!Arrays.asList(options).contains(StandardCopyOption.REPLACE_EXISTING)
        && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    Path draft = file.resolveSibling(".inflight-" + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
          FileChannel.open(
              draft,
              EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              attributes)) {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
          channel.write(left);
        }
        // A rename may reach the disk before the bytes do, and then names an empty file.
        channel.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft);
    }
  }
}
