package dev.inflight.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The contract of a {@link ModelRepository}. A subclass plays the publisher of {@value #MODEL}; it
 * passes when every test here does. Whatever a source cannot do, such as hold a symbolic link, it
 * declines, and that test is skipped.
 *
 * <p>The rules: only what was promised arrives, whole, or the fetch fails; a failure is a {@link
 * ModelLoadException} of stage {@code FETCH} or {@code VERIFY} where the version is at fault and an
 * {@link IOException} where the source is, and names the file, what was expected and what came;
 * nothing is ever written outside the target.
 */
public abstract class RepositoryContract {
  /** The name of the model of all tests. */
  protected static final String MODEL = "contract";

  /** Longer than any answer on this machine takes, shorter than anybody wants to wait. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final int POLLS = 5;
  private static final int THREADS = 4;
  private static final int MAX_MESSAGE = 1_000;

  /** Where the targets of a test lie; nothing but they may appear in it. */
  @TempDir
  @SuppressWarnings("NullAway.Init")
  Path room;

  /** For subclasses. */
  protected RepositoryContract() {}

  /** {@return another repository object, as another process has it} */
  protected abstract ModelRepository open() throws Exception;

  /**
   * Publishes a complete version, in a way that tells its digest to the repository.
   *
   * @param files by relative path; one is {@code model.onnx}
   * @return what the repository calls the version
   */
  protected abstract String publish(Map<String, byte[]> files) throws Exception;

  /** Takes a version away. */
  protected abstract void withdraw(String version) throws Exception;

  /** Gives an alias to a version, or removes it; false if the source has no aliases. */
  protected abstract boolean alias(String alias, Optional<String> version) throws Exception;

  /** Damages a file of a published version; false if that cannot happen to this source. */
  protected abstract boolean damage(String version, String file, Damage damage) throws Exception;

  /** Undoes {@link #damage}. */
  protected abstract void repair(String version, String file) throws Exception;

  /**
   * Publishes a version with a hostile file beside {@code model.onnx}.
   *
   * @param outside what a link leads to
   * @return the version, or empty if this source cannot hold such a file
   */
  protected abstract Optional<String> publishHostile(Hostile hostile, Path outside)
      throws Exception;

  /** {@return as {@link #open}, but one that soon gives up waiting for an answer} */
  protected ModelRepository openImpatient() throws Exception {
    return open();
  }

  /** Makes the source fail from now on; false if it cannot fail so. */
  protected boolean fail(Outage outage) throws Exception {
    return false;
  }

  /** Ends {@link #fail}. */
  protected void recover() throws Exception {}

  /** {@return what must not be in any message, such as a password} */
  protected List<String> secrets() {
    return List.of();
  }

  /** {@return bytes that no other call returns, the same for the same arguments} */
  private static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static Map<String, byte[]> files(long seed) {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("model.onnx", bytes(seed, 300_000));
    files.put("labels.txt", "setosa\nversicolor\n".getBytes(StandardCharsets.UTF_8));
    files.put("weights/block one/w0.bin", bytes(seed + 1, 70_000));
    files.put("empty", new byte[0]);
    return files;
  }

  private static Versions.Entry available(ModelRepository repository, String version)
      throws IOException {
    Versions.Entry last = null;
    for (int poll = 0; poll < POLLS; poll++) {
      last = entry(repository, version);
      if (last.state() == Versions.State.AVAILABLE) {
        return last;
      }
    }
    return Assertions.fail("expected v" + version + " to be available, got " + last);
  }

  private static Versions.Entry entry(ModelRepository repository, String version)
      throws IOException {
    Versions versions = repository.versions(MODEL);
    return versions.entries().stream()
        .filter(entry -> entry.version().equals(version))
        .findFirst()
        .orElseGet(() -> Assertions.fail("no v" + version + " in " + versions));
  }

  private Path target(String name) throws IOException {
    return Files.createDirectory(room.resolve(name));
  }

  private static Set<String> below(Path directory) throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      return walk.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
          .map(path -> directory.relativize(path).toString().replace('\\', '/'))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static void assertWhole(ModelArtifact artifact, Path target, Map<String, byte[]> files)
      throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      assertThat(target.resolve(file.getKey())).hasBinaryContent(file.getValue());
    }
    ModelArtifact asItIs = ModelArtifact.of(artifact.name(), artifact.version(), target);
    assertThat(artifact.files()).isEqualTo(asItIs.files());
    assertThat(artifact.files().keySet()).isEqualTo(below(target));
    assertThat(artifact.name()).isEqualTo(MODEL);
  }

  private void assertTyped(Throwable failure, Stage... stages) {
    assertThat(failure).isInstanceOfAny(IOException.class, ModelLoadException.class);
    if (failure instanceof ModelLoadException refusal) {
      assertThat(refusal.stage()).isIn((Object[]) stages);
    }
    assertReadable(String.valueOf(failure.getMessage()));
  }

  private void assertReadable(String message) {
    assertThat(message).hasSizeBetween(1, MAX_MESSAGE).doesNotContain("\n", "\0");
    for (String secret : secrets()) {
      assertThat(message).doesNotContain(secret);
    }
  }

  @Test
  final void versions_ofUnknownModel_areNone() throws Exception {
    assertThat(open().versions(MODEL + "-unknown").entries()).isEmpty();
  }

  @Test
  final void versions_published_areAvailableUnderOneIdentityEach() throws Exception {
    String first = publish(files(1));
    String second = publish(files(2));
    ModelRepository repository = open();
    Versions.Entry a = available(repository, first);
    Versions.Entry b = available(repository, second);
    assertThat(a.identity()).isNotEmpty().isNotEqualTo(b.identity());
    assertThat(a.reason()).isEmpty();
    assertThat(available(repository, first)).isEqualTo(a);
    assertThat(available(open(), first)).isEqualTo(a);
    assertThat(Versions.compare(first, second)).isNegative();
  }

  @Test
  final void fetch_available_givesTheBytesAndNothingElse() throws Exception {
    String version = publish(files(3));
    ModelRepository repository = open();
    Path target = target("t");
    ModelArtifact artifact = repository.fetch(MODEL, available(repository, version), target);
    assertWhole(artifact, target, files(3));
    assertThat(artifact.version()).isEqualTo(version);
    assertThat(room).isDirectoryContaining(path -> path.equals(target));
    assertThat(room.toFile().list()).hasSize(1);
  }

  @Test
  final void fetch_afterTheCallerDeletedTheTarget_worksAgain() throws Exception {
    String version = publish(files(4));
    ModelRepository repository = open();
    Versions.Entry entry = available(repository, version);
    Path target = target("t");
    ModelArtifact first = repository.fetch(MODEL, entry, target);
    try (Stream<Path> walk = Files.walk(target)) {
      for (Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
    ModelArtifact second = repository.fetch(MODEL, entry, target("t"));
    assertThat(second.digest()).isEqualTo(first.digest());
  }

  @Test
  final void fetch_byManyThreadsAndObjects_givesEachTheWhole() throws Exception {
    String version = publish(files(5));
    List<ModelRepository> repositories = List.of(open(), open());
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<ModelArtifact>> fetches = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        ModelRepository repository = repositories.get(i % repositories.size());
        Path target = target("t" + i);
        fetches.add(
            threads.submit(() -> repository.fetch(MODEL, available(repository, version), target)));
      }
      for (int i = 0; i < THREADS; i++) {
        ModelArtifact artifact = fetches.get(i).get(60, TimeUnit.SECONDS);
        assertWhole(artifact, room.resolve("t" + i), files(5));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  final void fetch_intoWhatIsNoDirectory_isAnIoException() throws Exception {
    String version = publish(files(6));
    ModelRepository repository = open();
    Versions.Entry entry = available(repository, version);
    Path file = Files.createFile(room.resolve("file"));
    assertThatThrownBy(() -> repository.fetch(MODEL, entry, file.resolve("t")))
        .isInstanceOf(IOException.class);
  }

  @Test
  final void fetch_ofWithdrawnVersion_saysThatItCannotBeHad() throws Exception {
    String version = publish(files(7));
    String other = publish(files(8));
    ModelRepository repository = open();
    Versions.Entry entry = available(repository, version);
    withdraw(version);
    assertThatThrownBy(() -> repository.fetch(MODEL, entry, target("t")))
        .isInstanceOfSatisfying(
            ModelLoadException.class, e -> assertThat(e.stage()).isEqualTo(Stage.FETCH))
        .hasMessageContaining(MODEL)
        .hasMessageContaining(version);
    assertThat(repository.versions(MODEL).entries())
        .extracting(Versions.Entry::version)
        .contains(other)
        .doesNotContain(version);
  }

  @Test
  final void fetch_ofAnotherIdentity_isRefused() throws Exception {
    String version = publish(files(9));
    ModelRepository repository = open();
    Versions.Entry entry = available(repository, version);
    Versions.Entry other =
        new Versions.Entry(version, "0".repeat(entry.identity().length()), entry.state(), "");
    assertThatThrownBy(() -> repository.fetch(MODEL, other, target("t")))
        .isInstanceOfSatisfying(
            ModelLoadException.class, e -> assertThat(e.stage()).isIn(Stage.FETCH, Stage.VERIFY))
        .hasMessageContaining("expected");
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  final void fetch_ofDamagedFile_failsAndNamesIt(Damage damage) throws Exception {
    String version = publish(files(10));
    ModelRepository repository = open();
    Versions.Entry entry = available(repository, version);
    String file = "weights/block one/w0.bin";
    Assumptions.assumeTrue(damage(version, file, damage));
    Throwable failure = catchThrowable(() -> repository.fetch(MODEL, entry, target("t")));
    assertTyped(failure, Stage.FETCH, Stage.VERIFY);
    assertThat(failure).hasMessageContaining(file);
    if (damage != Damage.GONE && damage != Damage.TORN) {
      assertThat(failure).hasMessageContaining("expected");
    }
    if (damage == Damage.FLIPPED || damage == Damage.LONGER) {
      assertThat(failure)
          .isInstanceOfSatisfying(
              ModelLoadException.class, e -> assertThat(e.stage()).isEqualTo(Stage.VERIFY));
    }
    repair(version, file);
    Path again = target("again");
    assertWhole(repository.fetch(MODEL, entry, again), again, files(10));
  }

  @ParameterizedTest
  @EnumSource(Hostile.class)
  final void fetch_ofHostileFile_isRefusedAndWritesNothingOutside(Hostile hostile)
      throws Exception {
    Path outside = Files.writeString(room.resolve("outside"), "not of this model");
    Optional<String> version = publishHostile(hostile, outside);
    Assumptions.assumeTrue(version.isPresent());
    ModelRepository repository = open();
    for (int poll = 0; poll < POLLS; poll++) {
      Versions.Entry entry = entry(repository, version.get());
      if (entry.state() != Versions.State.AVAILABLE) {
        assertReadable(entry.reason());
        continue;
      }
      Throwable failure = catchThrowable(() -> repository.fetch(MODEL, entry, target("t")));
      assertTyped(failure, Stage.FETCH, Stage.VERIFY);
      assertThat(failure).hasMessageContaining("expected");
      assertThat(below(room)).filteredOn(path -> !path.startsWith("t/")).containsExactly("outside");
      assertThat(outside).hasContent("not of this model");
      assertThat(Path.of(Hostile.ABSOLUTE.path())).doesNotExist();
      return;
    }
    assertThat(below(room)).containsExactly("outside");
  }

  @Test
  final void aliases_movedAndRemoved_areSeenAtTheNextPoll() throws Exception {
    String first = publish(files(11));
    String second = publish(files(12));
    ModelRepository repository = open();
    Assumptions.assumeTrue(alias("champion", Optional.of(first)));
    assertThat(repository.versions(MODEL).aliases()).containsEntry("champion", first);
    alias("candidate", Optional.of(first));
    alias("champion", Optional.of(second));
    assertThat(repository.versions(MODEL).aliases())
        .containsEntry("champion", second)
        .containsEntry("candidate", first);
    alias("champion", Optional.empty());
    assertThat(repository.versions(MODEL).aliases())
        .doesNotContainKey("champion")
        .containsEntry("candidate", first);
  }

  @ParameterizedTest
  @EnumSource(Outage.class)
  final void poll_ofFailingSource_isAnIoExceptionAndTheNextOneWorks(Outage outage)
      throws Exception {
    String version = publish(files(13));
    ModelRepository repository = open();
    Versions.Entry entry = available(repository, version);
    Assumptions.assumeTrue(fail(outage));
    ModelRepository failing = outage == Outage.HUNG ? openImpatient() : repository;
    Throwable poll =
        Assertions.assertTimeout(PATIENCE, () -> catchThrowable(() -> failing.versions(MODEL)));
    assertThat(poll).isInstanceOf(IOException.class);
    assertReadable(String.valueOf(poll.getMessage()));
    Throwable fetch =
        Assertions.assertTimeout(
            PATIENCE, () -> catchThrowable(() -> failing.fetch(MODEL, entry, target("t"))));
    assertTyped(fetch, Stage.FETCH);
    recover();
    assertThat(available(repository, version)).isEqualTo(entry);
    Path again = target("again");
    assertWhole(repository.fetch(MODEL, entry, again), again, files(13));
  }
}
