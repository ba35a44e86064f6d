package dev.inflight.fetch;

import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The digests of a file as it comes, of a large one by a thread beside the one that writes it: each
 * takes about as long. For one thread.
 *
 * <p>Invariant: the digests have seen what was given, in its order, but for what is {@code waiting}
 * and the piece that {@code thread} has just taken; without a thread nothing waits.
 */
final class Hashing implements AutoCloseable {
  /** Below that a thread costs more than it brings. */
  private static final long LARGE = 1 << 20;

  /** Of at most 16 KiB from the JDK's client: 1 MiB. */
  private static final int AHEAD = 64;

  /** What ends the thread: an empty piece. */
  private static final ByteBuffer END = ByteBuffer.allocate(0);

  private final List<MessageDigest> digests;
  private final BlockingQueue<ByteBuffer> waiting = new ArrayBlockingQueue<>(AHEAD);
  private @Nullable Thread thread;
  private long length;

  /** Of algorithms that every JDK has. */
  Hashing(List<String> algorithms) {
    digests = algorithms.stream().map(Hashing::digest).toList();
  }

  static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }

  /** Takes all of a piece, of which nobody may change a byte any more. */
  void update(ByteBuffer piece) throws InterruptedIOException {
    length += piece.remaining();
    if (length <= LARGE || !piece.hasRemaining()) {
      see(piece);
      return;
    }
    if (thread == null) {
      Thread started = new Thread(this::work, "inflight-fetch-hash");
      started.setDaemon(true);
      started.start();
      thread = started;
    }
    try {
      waiting.put(piece);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private void see(ByteBuffer piece) {
    for (MessageDigest digest : digests) {
      digest.update(piece.duplicate());
    }
  }

  private void work() {
    try {
      for (ByteBuffer piece = waiting.take(); piece.hasRemaining(); piece = waiting.take()) {
        see(piece);
      }
    } catch (InterruptedException e) {
      return; // closed: nobody asks any more
    }
  }

  /** Until everything was seen. */
  private void await() throws InterruptedIOException {
    Thread started = thread;
    if (started == null) {
      return;
    }
    try {
      waiting.put(END);
      started.join();
      thread = null;
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static InterruptedIOException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    InterruptedIOException interrupted = new InterruptedIOException("interrupted");
    interrupted.initCause(e);
    return interrupted;
  }

  /** From the first byte again. */
  void reset() throws InterruptedIOException {
    await();
    digests.forEach(MessageDigest::reset);
    length = 0;
  }

  /** {@return of all that was given, by each algorithm, as lower-case hex; what comes is new} */
  List<String> finish() throws InterruptedIOException {
    await();
    length = 0;
    return digests.stream().map(digest -> HexFormat.of().formatHex(digest.digest())).toList();
  }

  /** Ends the thread, whatever waits. */
  @Override
  public void close() {
    if (thread != null) {
      thread.interrupt();
    }
  }
}
