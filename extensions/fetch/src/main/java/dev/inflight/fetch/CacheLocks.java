package dev.inflight.fetch;

import dev.inflight.files.OwnerOnly;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Who reads which version of a cache directory, and who changes the directory, in this process and
 * in others. One object for each directory.
 *
 * <p>Invariant: a name is held by any number that share it, or by one alone; for each that is held
 * here, one byte of the file {@code lock} is locked. The file is open once in this JVM, and is not
 * closed while anything is held: POSIX would drop all locks of the process with it. A lock is tried
 * and never waited for, so an interrupted thread does not close the file either.
 */
final class CacheLocks {
  /** Never removed: a process has few caches, and each costs one open file. */
  private static final Map<Path, CacheLocks> ALL = new ConcurrentHashMap<>();

  private static final Set<OpenOption> OPTIONS =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE,
          LinkOption.NOFOLLOW_LINKS);

  /** Above those of all names. */
  private static final long WHOLE = Long.MAX_VALUE - 1;

  private static final long LOOK_NANOS = 2_000_000;

  private final Path file;
  private final Map<Long, Held> held = new HashMap<>(); // guarded by this, as are the next two
  private @Nullable FileChannel channel;
  private @Nullable Object fileKey;

  private static final class Held {
    final FileLock lock;
    int holders;

    Held(FileLock lock) {
      this.lock = lock;
    }
  }

  /** What somebody holds. Closed once, by any thread. */
  final class Hold implements AutoCloseable {
    private final long position;

    private Hold(long position) {
      this.position = position;
    }

    @Override
    public void close() {
      release(position);
    }
  }

  private CacheLocks(Path directory) {
    file = directory.resolve("lock");
  }

  /** {@return those of a directory, which exists} */
  static CacheLocks of(Path directory) throws IOException {
    return ALL.computeIfAbsent(directory.toRealPath(), CacheLocks::new);
  }

  /** {@return a hold on a name that others may share; null if one has it alone} */
  @Nullable Hold share(String key) throws IOException {
    return take(position(key), true);
  }

  /** {@return a hold on a name; null if anybody else has one} */
  @Nullable Hold seize(String key) throws IOException {
    return take(position(key), false);
  }

  /** {@return a hold on what the directory consists of; null if another has it all that time} */
  @Nullable Hold whole(Duration patience) throws IOException {
    long begin = System.nanoTime();
    Hold hold = take(WHOLE, false);
    while (hold == null
        && System.nanoTime() - begin < patience.toNanos()
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(LOOK_NANOS);
      hold = take(WHOLE, false);
    }
    return hold;
  }

  /** Of hex digits, of which 60 bits tell all names of a cache apart. */
  private static long position(String key) {
    return Long.parseLong(key, 0, 15, 16);
  }

  private synchronized @Nullable Hold take(long position, boolean shared) throws IOException {
    Held its = held.get(position);
    if (its == null) {
      FileLock lock = lock(position, shared);
      if (lock == null) {
        return null;
      }
      its = new Held(lock);
      held.put(position, its);
    } else if (!shared || !its.lock.isShared()) {
      return null;
    }
    its.holders++;
    return new Hold(position);
  }

  private @Nullable FileLock lock(long position, boolean shared) throws IOException {
    try {
      return channel().tryLock(position, 1, shared);
    } catch (OverlappingFileLockException e) {
      return null; // another class loader of this JVM has it
    } catch (NonWritableChannelException e) {
      throw new IOException(file + ": expected to write it, got a read-only file", e);
    }
  }

  /** A file that was replaced, with its directory perhaps, is locked by nobody else any more. */
  private FileChannel channel() throws IOException {
    FileChannel now = channel;
    if (now != null && !held.isEmpty()) {
      return now;
    }
    if (now != null && now.isOpen() && fileKey != null && Objects.equals(fileKey, keyOf(file))) {
      return now;
    }
    if (now != null) {
      now.close();
    }
    try {
      now = FileChannel.open(file, OPTIONS, OwnerOnly.forFile(file));
    } catch (IOException e) {
      // Of a file system that became read-only versions can still be read, and their locks shared.
      now = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }
    channel = now;
    fileKey = keyOf(file);
    return now;
  }

  private static @Nullable Object keyOf(Path file) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  private synchronized void release(long position) {
    Held its = held.get(position);
    if (its == null || --its.holders > 0) {
      return;
    }
    held.remove(position);
    try {
      its.lock.release();
    } catch (IOException e) {
      // Its channel is closed, and the lock went with it.
    }
  }
}
