package dev.inflight.fetch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * One file that is being written, hashed as it comes. One thread at a time.
 *
 * <p>Invariant: {@code length} bytes are in the file, and they are what the digests see.
 */
final class Arrival implements AutoCloseable {
  private static final long TELL_EVERY = 1 << 20;

  private final Staging staging;
  private final String path;
  private final Expected expected;
  private final FileChannel channel;
  private final Hashing hashing;
  private volatile long length;
  private long told;

  Arrival(Staging staging, String path, Expected expected, Path file) throws IOException {
    this.staging = staging;
    this.path = path;
    this.expected = expected;
    hashing =
        new Hashing(expected.md5().isPresent() ? List.of("SHA-256", "MD5") : List.of("SHA-256"));
    channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  long length() {
    return length;
  }

  /** Takes all of it; nobody may change its bytes any more. */
  void accept(ByteBuffer piece) throws IOException {
    long after = length + piece.remaining();
    if (expected.bytes() >= 0 && after > expected.bytes()) {
      throw staging.refused(
          "file '" + path + "': expected " + expected.bytes() + " bytes, got more");
    }
    staging.count(path, piece.remaining());
    hashing.update(piece.duplicate());
    while (piece.hasRemaining()) {
      channel.write(piece);
    }
    length = after;
    if (after - told >= TELL_EVERY) {
      told = after;
      staging.tell(path, after, expected.bytes());
    }
  }

  /** From the first byte again. */
  void restart() throws IOException {
    staging.count(path, -length);
    channel.truncate(0);
    hashing.reset();
    length = 0;
    told = 0;
  }

  /** All there is has come. */
  void finish() throws IOException {
    if (expected.bytes() >= 0 && length < expected.bytes()) {
      throw new IOException(
          "expected " + expected.bytes() + " bytes, got " + length + " and the end");
    }
    List<String> got = hashing.finish();
    require("sha256", expected.sha256(), got.get(0));
    if (got.size() > 1) {
      require("md5", expected.md5(), got.get(1));
    }
    staging.arrived(path, got.get(0));
    staging.tell(path, length, expected.bytes());
  }

  private void require(String algorithm, Optional<String> wanted, String got) {
    if (wanted.isPresent() && !wanted.get().equals(got)) {
      throw staging.refused(
          "file '" + path + "': expected " + algorithm + " " + wanted.get() + ", got " + got);
    }
  }

  @Override
  public void close() throws IOException {
    hashing.close();
    channel.close();
  }
}
