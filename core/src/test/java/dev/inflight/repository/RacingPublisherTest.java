package dev.inflight.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * F15: somebody exchanges files, links and directories while they are looked at and copied. What is
 * handed out is what was verified, or nothing.
 */
@Timeout(600)
class RacingPublisherTest {
  private static final String GOOD = "good";
  private static final String EVIL = "evil"; // as long, and as old
  private static final FileTime TIME = FileTime.fromMillis(1_600_000_000_000L);

  @TempDir Path root;
  @TempDir Path targets;
  private final long seed = Long.getLong("seed", System.nanoTime());
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private volatile boolean stop;
  private int verified;
  private int refused;
  private int wrong;

  /** How a version comes from the repository to a private directory. */
  private interface Fetch {
    ByteBuffer bytes(DirectoryRepository repository, Versions.Entry entry, Path target)
        throws IOException;
  }

  private static ByteBuffer verifying(
      DirectoryRepository repository, Versions.Entry entry, Path target) throws IOException {
    ModelArtifact artifact = repository.fetch("iris", entry, target);
    assertThat(Files.isRegularFile(target.resolve("model.txt"), LinkOption.NOFOLLOW_LINKS))
        .isTrue();
    return artifact.read("model.txt");
  }

  /** Looks, finds it verified, and copies: what happened in between, it does not see. */
  private ByteBuffer trusting(DirectoryRepository repository, Versions.Entry entry, Path target)
      throws IOException {
    Path copy = target.resolve("model.txt");
    Files.copy(root.resolve("iris/" + entry.version() + "/model.txt"), copy);
    return ByteBuffer.wrap(Files.readAllBytes(copy));
  }

  private static Path file(Path directory, String content) throws IOException {
    Path file = Files.createDirectories(directory).resolve("model.txt");
    Files.writeString(file, content);
    Files.setLastModifiedTime(file, TIME);
    return file;
  }

  private void race(int iterations, Fetch fetch) throws Exception {
    System.out.println("racing publisher seed " + seed);
    Path version = root.resolve("iris/1");
    file(version, GOOD);
    Manifest.write(version);
    DirectoryRepository repository = DirectoryRepository.at(root);
    Versions.Entry entry = repository.versions("iris").entries().get(0);
    assertThat(entry.state()).isEqualTo(Versions.State.AVAILABLE);
    Thread swapper = new Thread(this::swap, "test-swapper");
    swapper.start();
    try {
      for (int i = 0; i < iterations && wrong == 0; i++) {
        once(repository, entry, fetch, Files.createDirectory(targets.resolve("" + i)));
      }
    } finally {
      stop = true;
      swapper.join();
    }
    System.out.printf(
        "racing publisher: %d verified, %d refused, %d wrong%n", verified, refused, wrong);
    assertThat(failure.get()).isNull();
  }

  private void once(DirectoryRepository repository, Versions.Entry entry, Fetch fetch, Path target)
      throws IOException {
    for (Versions.Entry now : repository.versions("iris").entries()) {
      // Once verified, it is that content or not available.
      boolean same = now.identity().equals(entry.identity());
      assertThat(same || now.state() != Versions.State.AVAILABLE).as(now.toString()).isTrue();
    }
    try {
      String got = StandardCharsets.UTF_8.decode(fetch.bytes(repository, entry, target)).toString();
      if (got.equals(GOOD)) {
        verified++;
      } else {
        wrong++;
      }
    } catch (ModelLoadException | IOException e) {
      refused++;
    } finally {
      Files.deleteIfExists(target.resolve("model.txt"));
      Files.delete(target);
    }
  }

  private void swap() {
    Random random = new Random(seed);
    try {
      Path aside = Files.createDirectories(root.resolve("aside"));
      Path evil = file(aside.resolve("evil"), EVIL);
      Path version = root.resolve("iris/1");
      while (!stop) {
        switch (random.nextInt(4)) {
          case 0 -> replace(Files.createSymbolicLink(aside.resolve("draft"), evil), version);
          case 1 -> replace(Files.createLink(aside.resolve("draft"), evil), version);
          case 2 -> replace(file(aside.resolve("plain"), EVIL), version);
          default -> {
            Files.move(version, aside.resolve("1"));
            Files.move(aside.resolve("evil"), version);
            Files.move(version, aside.resolve("evil"));
            Files.move(aside.resolve("1"), version);
          }
        }
        replace(file(aside.resolve("good"), GOOD), version);
      }
    } catch (Throwable e) {
      failure.set(e);
    }
  }

  private static void replace(Path by, Path version) throws IOException {
    Files.move(
        by,
        version.resolve("model.txt"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private void assertOnlyVerified(int iterations) throws Exception {
    race(iterations, RacingPublisherTest::verifying);
    assertThat(wrong).isZero();
    assertThat(verified).isPositive();
    assertThat(refused).isPositive();
  }

  @Test
  void fetch_whileFilesAreExchanged_handsOutWhatWasVerified() throws Exception {
    assertOnlyVerified(150);
  }

  @Test
  @Tag("soak")
  void fetch_10_000TimesWhileFilesAreExchanged_handsOutWhatWasVerified() throws Exception {
    assertOnlyVerified(10_000);
  }

  /** The control of the tests above. */
  @Test
  void fetch_thatTrustsTheLook_isCaught() throws Exception {
    race(100_000, this::trusting);
    assertThat(wrong).isPositive();
  }
}
