package dev.inflight.deploy;

import dev.inflight.files.OwnerOnly;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** One deployment at a time, of all processes, may use a directory. */
final class HomeLock implements AutoCloseable {
  /*
   * POSIX drops the locks of a process when it closes any channel to the file, also one that never had the lock. So nobody
   * in this JVM may open the file of a lock that this JVM holds: HELD is asked first.
   */
  private static final Map<Path, String> HELD = new ConcurrentHashMap<>();

  /** Channels of files that another class loader's copy of this class holds: never closed. */
  private static final Queue<FileChannel> ELSEWHERE = new ConcurrentLinkedQueue<>();

  /** Locked far behind the text: Windows lets nobody read what is locked. */
  private static final long POSITION = Integer.MAX_VALUE;

  private static final Set<OpenOption> OPTIONS =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);

  private final Path key;
  private final FileChannel channel;

  private HomeLock(Path key, FileChannel channel) {
    this.key = key;
    this.channel = channel;
  }

  /**
   * {@return the lock of a directory}
   *
   * @param subject what messages call the directory's user
   * @throws IllegalStateException if somebody else has it
   * @throws IOException if its file cannot be written
   */
  static HomeLock take(Path directory, String subject) throws IOException {
    Path key = directory.toRealPath();
    String self = "pid " + ProcessHandle.current().pid() + " since " + Instant.now();
    String holder = HELD.putIfAbsent(key, self);
    if (holder != null) {
      throw taken(subject, directory, "another deployment of this JVM, " + holder);
    }
    try {
      return take(directory, key, subject, self);
    } catch (IOException | RuntimeException | Error e) {
      HELD.remove(key);
      throw e;
    }
  }

  private static HomeLock take(Path directory, Path key, String subject, String self)
      throws IOException {
    Path file = directory.resolve("lock");
    FileChannel channel = FileChannel.open(file, OPTIONS, OwnerOnly.forFile(file));
    try {
      FileLock lock = channel.tryLock(POSITION, 1, false);
      if (lock == null) {
        throw taken(subject, directory, "another process, " + holder(file));
      }
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(self.getBytes(StandardCharsets.UTF_8)));
      return new HomeLock(key, channel);
    } catch (OverlappingFileLockException e) {
      ELSEWHERE.add(channel);
      throw taken(subject, directory, "another class loader of this JVM");
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  /** What its holder wrote, which it may not have done yet. */
  private static String holder(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  private static IllegalStateException taken(String subject, Path directory, String holder) {
    return new IllegalStateException(
        subject
            + ": expected "
            + directory
            + " for itself, got a lock of "
            + holder
            + "; close that one, or use another home");
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(key);
    }
  }
}
