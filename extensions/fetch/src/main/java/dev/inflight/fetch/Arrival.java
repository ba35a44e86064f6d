package dev.inflight.fetch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One file that is being written, hashed as it comes. One thread at a time.
 *
 * <p>Invariant: {@code length} bytes are in the file, and they are what the digests have seen.
 */
final class Arrival implements AutoCloseable {
  private static final long TELL_EVERY = 1 << 20;

  private final Staging staging;
  private final String path;
  private final Expected expected;
  private final FileChannel channel;
  private final MessageDigest sha256 = digest("SHA-256");
  private final @Nullable MessageDigest md5;
  private volatile long length;
  private long told;

  Arrival(Staging staging, String path, Expected expected, Path file) throws IOException {
    this.staging = staging;
    this.path = path;
    this.expected = expected;
    md5 = expected.md5().isPresent() ? digest("MD5") : null;
    channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }

  long length() {
    return length;
  }

  /** Takes all of it. */
  void accept(ByteBuffer piece) throws IOException {
    long after = length + piece.remaining();
    if (expected.bytes() >= 0 && after > expected.bytes()) {
      throw staging.refused(
          "file '" + path + "': expected " + expected.bytes() + " bytes, got more");
    }
    staging.count(path, piece.remaining());
    sha256.update(piece.duplicate());
    if (md5 != null) {
      md5.update(piece.duplicate());
    }
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
    sha256.reset();
    if (md5 != null) {
      md5.reset();
    }
    length = 0;
    told = 0;
  }

  /** All there is has come. */
  void finish() throws IOException {
    if (expected.bytes() >= 0 && length < expected.bytes()) {
      throw new IOException(
          "expected " + expected.bytes() + " bytes, got " + length + " and the end");
    }
    String got = HexFormat.of().formatHex(sha256.digest());
    require("sha256", expected.sha256(), got);
    if (md5 != null) {
      require("md5", expected.md5(), HexFormat.of().formatHex(md5.digest()));
    }
    staging.arrived(path, got);
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
    channel.close();
  }
}
