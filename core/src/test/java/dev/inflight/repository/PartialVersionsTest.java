package dev.inflight.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.ModelLoadException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** F16: versions are looked at at every moment while they are written; none is fetched in part. */
@Timeout(600)
class PartialVersionsTest {
  private static final int FILES = 3;
  private static final int BYTES = 3_000;
  private static final List<String> NO_VERSIONS =
      List.of("00", "-1", "01", "1e9", "1.0", "+2", " 3", "٣", "9.tmp", "1000000000000000000");

  @TempDir Path root;
  @TempDir Path targets;
  private final long seed = Long.getLong("seed", System.nanoTime());
  private int fetched;
  private int partial;
  private int notYet;

  /** How a publisher writes a version. */
  private enum Publishing {
    MANIFEST_FIRST,
    MANIFEST_LAST,
    DRAFT_RENAMED,
    DRAFT_RENAMED_WITHOUT_MANIFEST
  }

  private static byte[] content(int race, int file) {
    byte[] content = new byte[BYTES];
    Arrays.fill(content, (byte) (31 * race + file + 1));
    return content;
  }

  /** As a copy does: in pieces, in any order of the files. */
  private static void write(Path directory, int race, Random random) throws IOException {
    for (int i = 0; i < FILES; i++) {
      Path file = directory.resolve("part-" + i);
      byte[] content = content(race, i);
      try (OutputStream out =
          Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        for (int at = 0; at < BYTES; ) {
          int length = Math.min(BYTES - at, 1 + random.nextInt(BYTES));
          out.write(content, at, length);
          at += length;
          pause(random);
        }
      }
    }
  }

  private static void pause(Random random) {
    long until = System.nanoTime() + random.nextInt(60_000);
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
  }

  private void publish(int race, Publishing how, Path model, Random random) {
    try {
      Path version = model.resolve("" + race);
      Path draft = Files.createDirectories(model.resolve(race + ".tmp"));
      switch (how) {
        case MANIFEST_FIRST -> {
          // Made elsewhere, its manifest copied before its files.
          write(draft, race, random);
          Manifest.write(draft);
          Files.createDirectory(version);
          Files.move(Manifest.beside(draft), Manifest.beside(version));
          write(version, race, random);
        }
        case MANIFEST_LAST -> {
          Files.createDirectory(version);
          write(version, race, random);
          pause(random);
          Manifest.write(version);
        }
        case DRAFT_RENAMED -> {
          write(draft, race, random);
          Manifest.write(draft);
          Files.move(Manifest.beside(draft), Manifest.beside(version));
          pause(random);
          Files.move(draft, version);
        }
        case DRAFT_RENAMED_WITHOUT_MANIFEST -> {
          write(draft, race, random);
          Files.move(draft, version);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Looks until there is something to fetch, and fetches it. */
  private void race(int race, DirectoryRepository repository, Publishing how, Random random)
      throws Exception {
    Path model = Files.createDirectory(root.resolve("m" + race));
    for (String name : race % 50 == 1 ? NO_VERSIONS : List.<String>of()) {
      write(Files.createDirectory(model.resolve(name)), race, new Random(seed));
    }
    Thread publisher = new Thread(() -> publish(race, how, model, random), "test-publisher");
    publisher.start();
    Path target = Files.createDirectory(targets.resolve("" + race));
    long deadline = System.nanoTime() + 30_000_000_000L;
    while (!fetch("m" + race, race, repository, target)) {
      assertThat(System.nanoTime() - deadline)
          .as("race %d %s, seed %d: %s", race, how, seed, repository.versions("m" + race))
          .isNegative();
    }
    publisher.join();
    delete(model);
    delete(target);
  }

  private boolean fetch(String model, int race, DirectoryRepository repository, Path target)
      throws IOException {
    for (Versions.Entry entry : repository.versions(model).entries()) {
      assertThat(entry.version()).isEqualTo("" + race);
      if (entry.state() == Versions.State.AVAILABLE) {
        try {
          repository.fetch(model, entry, target);
        } catch (ModelLoadException | IOException e) {
          notYet++; // it changed: as good as not available
          return false;
        }
        fetched++;
        partial += isWhole(race, target) ? 0 : 1;
        return true;
      }
      if (entry.reason().contains("its bytes changed")) {
        partial++; // it was taken for whole, and has changed since
        fetched++;
        return true;
      }
      notYet++;
    }
    return false;
  }

  private static boolean isWhole(int race, Path directory) throws IOException {
    for (int i = 0; i < FILES; i++) {
      Path file = directory.resolve("part-" + i);
      if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), content(race, i))) {
        return false;
      }
    }
    return true;
  }

  private static void delete(Path directory) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(directory)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }

  private void races(int races) throws Exception {
    System.out.println("partial versions seed " + seed);
    Random random = new Random(seed);
    DirectoryRepository any = DirectoryRepository.at(root);
    DirectoryRepository strict = DirectoryRepository.at(root).requireManifest();
    Publishing[] all = Publishing.values();
    for (int race = 1; race <= races; race++) {
      Publishing how = all[random.nextInt(all.length)];
      boolean needsManifest = how == Publishing.MANIFEST_LAST;
      race(race, needsManifest ? strict : any, how, new Random(random.nextLong()));
    }
    System.out.printf(
        "partial versions: %d fetched, %d of them in part, %d looks came too early%n",
        fetched, partial, notYet);
    assertThat(fetched).isEqualTo(races);
    assertThat(partial).isZero();
    assertThat(notYet).as("looks while it was written").isGreaterThan(races / 8);
  }

  @Test
  void versions_whileTheyAreWritten_areWholeOrNotAvailable() throws Exception {
    races(80);
  }

  @Test
  @Tag("soak")
  void versions_10_000WhileTheyAreWritten_areWholeOrNotAvailable() throws Exception {
    races(10_000);
  }

  /** The control of the tests above: a manifest that comes last has to be required. */
  @Test
  void versions_manifestLastAndNotRequired_areFetchedInPart() throws Exception {
    DirectoryRepository any = DirectoryRepository.at(root);
    Random random = new Random(seed);
    for (int race = 1; race <= 2_000 && partial == 0; race++) {
      race(race, any, Publishing.MANIFEST_LAST, random);
    }
    assertThat(partial).isPositive();
  }
}
