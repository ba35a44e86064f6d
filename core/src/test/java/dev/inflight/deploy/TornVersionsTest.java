package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * F14 to F17 on the way from a directory to callers: a version that is half copied, cut, with a
 * flipped bit, a link, a file too many or too few, or other bytes under its number never serves.
 */
@Timeout(1_200)
class TornVersionsTest extends DeploymentFixture {
  private static final int EACH_ROUND = 20;

  private final long seed = Long.getLong("seed", System.nanoTime());
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final AtomicLong answers = new AtomicLong();
  private final AtomicLong clock = new AtomicLong(1_600_000_000);
  private volatile boolean stop;

  /** What is wrong with a version. */
  private enum Damage {
    CUT,
    EMPTY,
    LONGER,
    BIT,
    OTHER_TEXT,
    LINK,
    HARD_LINK,
    MISSING_FILE,
    EXTRA_FILE,
    DIRECTORY_LINK,
    OTHER_MANIFEST
  }

  private Path draft(String version, String content) throws IOException {
    Path draft = Files.createDirectories(root.resolve("iris/draft-" + version));
    Files.writeString(draft.resolve("model.txt"), content);
    Files.writeString(draft.resolve("labels.txt"), "a,b");
    Manifest.write(draft);
    return draft;
  }

  private void moveIn(Path draft, String version) throws IOException {
    Files.move(Manifest.beside(draft), root.resolve("iris/" + version + ".sha256"));
    Files.move(draft, root.resolve("iris/" + version));
  }

  private void publishGood(String version) throws IOException {
    moveIn(draft(version, "good" + version), version);
  }

  /** A version that its manifest does not describe; nothing of it may be read as a model. */
  private void publishTorn(String version, Damage damage, Random random) throws IOException {
    Path draft = draft(version, "torn" + version);
    Path model = draft.resolve("model.txt");
    byte[] bytes = Files.readAllBytes(model);
    switch (damage) {
      case CUT -> Files.write(model, java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length)));
      case EMPTY -> Files.write(model, new byte[0]);
      case LONGER -> Files.write(model, java.util.Arrays.copyOf(bytes, bytes.length + 1));
      case BIT -> {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(7));
        Files.write(model, bytes);
      }
      case OTHER_TEXT -> Files.writeString(model, "evil" + version);
      case LINK, HARD_LINK -> {
        Path evil = Files.writeString(root.resolve("evil" + version), "evil" + version);
        Files.delete(model);
        Path unused =
            damage == Damage.LINK
                ? Files.createSymbolicLink(model, evil)
                : Files.createLink(model, evil);
      }
      case MISSING_FILE -> Files.delete(draft.resolve("labels.txt"));
      case EXTRA_FILE -> Files.writeString(draft.resolve("extra.txt"), "x");
      case DIRECTORY_LINK -> {
        Path elsewhere = root.resolve("elsewhere" + version);
        Files.move(draft, elsewhere);
        Files.createSymbolicLink(draft, elsewhere);
      }
      case OTHER_MANIFEST -> {
        Path manifest = Manifest.beside(draft);
        Files.writeString(manifest, Files.readString(manifest).replaceFirst("^.", "z"));
      }
    }
    moveIn(draft, version);
  }

  /** Other bytes under the number that serves, whole and with a manifest of their own. */
  private void overwrite(String version) throws IOException {
    Path aside = root.resolve("aside");
    Files.createDirectories(aside);
    Path text = Files.writeString(aside.resolve("model.txt"), "evil" + version);
    Files.setLastModifiedTime(text, FileTime.from(Instant.ofEpochSecond(clock.incrementAndGet())));
    Path home = root.resolve("iris/" + version);
    Files.move(text, home.resolve("model.txt"), StandardCopyOption.REPLACE_EXISTING);
    Manifest.write(home);
  }

  private void call(Deployment<String, String> iris) {
    try {
      while (!stop) {
        assertThat(iris.predictor().predict("a")).startsWith("good").endsWith(":a");
        answers.incrementAndGet();
        java.util.concurrent.locks.LockSupport.parkNanos(50_000);
      }
    } catch (Throwable e) {
      failure.set(e);
    }
  }

  private void trials(int trials) throws Exception {
    System.out.println("torn versions seed " + seed);
    Random random = new Random(seed);
    Damage[] damages = Damage.values();
    publish("1", "good1");
    int next = 2;
    int torn = 0;
    try (var iris = iris().start()) {
      Thread caller = new Thread(() -> call(iris), "test-caller");
      caller.start();
      while (torn < trials && failure.get() == null) {
        List<String> bad = new ArrayList<>();
        String live = iris.status().live().orElseThrow().version();
        overwrite(live);
        for (int i = 1; i < EACH_ROUND; i++) {
          String version = "" + next++;
          Damage damage = damages[random.nextInt(damages.length)];
          publishTorn(version, damage, random);
          if (damage != Damage.DIRECTORY_LINK) {
            bad.add(version);
          }
        }
        torn += EACH_ROUND;
        bad.forEach(version -> awaitState(iris, version, State.FAILED));
        assertThat(iris.status().live().orElseThrow().version()).isEqualTo(live);
        String good = "" + next++;
        publishGood(good);
        awaitState(iris, good, State.LIVE);
        bad.add(live);
        for (String version : bad) {
          remove(root.resolve("iris/" + version));
          Files.delete(root.resolve("iris/" + version + ".sha256"));
        }
      }
      stop = true;
      caller.join();
    }
    System.out.printf("torn versions: %d trials, %s answers%n", torn, answers);
    assertThat(failure.get()).isNull();
    assertThat(answers.get()).isPositive();
    assertThat(loader.loaded).allMatch(text -> text.startsWith("good"));
    assertNothingLeft();
  }

  private static void remove(Path version) throws IOException {
    try (var files = Files.list(version)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(version);
  }

  @Test
  void poll_tornVersions_neverServe() throws Exception {
    trials(500);
  }

  @Test
  @Tag("soak")
  void poll_tornVersions10_000_neverServe() throws Exception {
    trials(10_000);
  }
}
