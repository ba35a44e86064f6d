package dev.inflight.requestlog;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A file that is appended to until the next record would make it larger than {@code maxBytes}; then
 * it becomes {@code name.1}, what was {@code name.1} becomes {@code name.2}, and so on to {@code
 * keep}, and the oldest is deleted.
 *
 * <p>Invariant: no file is larger than {@code maxBytes} unless it was so before; every record has a
 * line of its own, also after a write that failed half way, in this process or one before it.
 */
final class RotatingFile implements Lines {
  private final Path path;
  private final long maxBytes;
  private final int keep;
  private @Nullable OutputStream out; // null: to be opened
  private long size;

  RotatingFile(Path path, long maxBytes, int keep) {
    this.path = path.toAbsolutePath();
    this.maxBytes = maxBytes;
    this.keep = keep;
  }

  @Override
  public void write(byte[] line) throws IOException {
    if (line.length > maxBytes) {
      throw new IOException(
          path + ": expected records of at most " + maxBytes + " bytes, got " + line.length);
    }
    try {
      OutputStream to = out == null ? open() : out;
      if (size > 0 && size + line.length > maxBytes) {
        close();
        rotate();
        to = open();
      }
      to.write(line);
      size += line.length;
    } catch (IOException e) {
      try {
        close(); // the next record tries anew
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  private OutputStream open() throws IOException {
    Path directory = path.getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    boolean torn = isTorn();
    OutputStream opened =
        Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    out = opened;
    if (torn) {
      opened.write('\n');
    }
    size = Files.size(path);
    return opened;
  }

  private boolean isTorn() throws IOException {
    if (!Files.exists(path) || Files.size(path) == 0) {
      return false;
    }
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
      file.seek(file.length() - 1);
      return file.read() != '\n';
    }
  }

  private void rotate() throws IOException {
    if (keep == 0) {
      Files.delete(path);
      return;
    }
    for (int i = keep - 1; i >= 1; i--) {
      if (Files.exists(numbered(i))) {
        Files.move(numbered(i), numbered(i + 1), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.move(path, numbered(1), StandardCopyOption.REPLACE_EXISTING);
  }

  private Path numbered(int i) {
    return path.resolveSibling(path.getFileName() + "." + i);
  }

  @Override
  public void flush() {}

  @Override
  public void close() throws IOException {
    OutputStream open = out;
    out = null;
    if (open != null) {
      open.close();
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
