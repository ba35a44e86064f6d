package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoader;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Versions that are not what their publisher made never reach a loader, whatever has happened to
 * them: everything that is loaded is, file by file, one of the versions that were published, and of
 * those that cannot be had whole nothing is loaded.
 *
 * <p>Time is polls: what happens to a version happens between two of them.
 */
@Timeout(300)
class DamagedVersionTest {
  private static final int ROUNDS = 13;
  private static final int TRIALS = 20; // of a round

  /** What happens, and whether the version can be loaded as it was published. */
  private enum Kind {
    HALF_COPIED_MANIFEST(true),
    TRUNCATED_MANIFEST(true),
    BIT_FLIPPED_MANIFEST(true),
    LINKED_MANIFEST(true),
    EXTRA_FILE_MANIFEST(true),
    DAMAGED_BEFORE_FETCH_MANIFEST(true),
    OTHER_BYTES_BEFORE_FETCH_MANIFEST(true),
    OTHER_BYTES_LATER_MANIFEST(true),
    /** Without a manifest: taken where none is required, so only what two polls can tell. */
    GROWING(false),
    LINKED(false),
    DAMAGED_BEFORE_FETCH(false),
    OTHER_BYTES_BEFORE_FETCH(false),
    OTHER_BYTES_LATER(false),
    /** Whole, and never taken where a manifest is required. */
    WHOLE(false);

    final boolean manifest;

    Kind(boolean manifest) {
      this.manifest = manifest;
    }

    /** Whether it is loaded in the end, as it was published. */
    boolean loads(boolean required) {
      return this == OTHER_BYTES_LATER_MANIFEST
          || (!required && (this == GROWING || this == OTHER_BYTES_LATER || this == WHOLE));
    }
  }

  @TempDir Path root;
  @TempDir Path staging;
  @TempDir Path aside;
  private final Lanes lanes = Lanes.of(1);
  private final FakeLoader texts = new FakeLoader();

  /** What was loaded, every file of it by its SHA-256. */
  private final Set<String> loaded = ConcurrentHashMap.newKeySet();

  private final List<String> violations = new ArrayList<>();
  private final Set<String> published = ConcurrentHashMap.newKeySet();
  private Random random = new Random();
  private int next = 1;

  @AfterEach
  void closeLanes() {
    lanes.close();
  }

  private final class Recorder implements ModelLoader<String, String> {
    @Override
    public Model<String, String> load(ModelArtifact artifact) throws Exception {
      for (String file : artifact.files().keySet()) {
        var unused = artifact.read(file);
      }
      loaded.add(new TreeMap<>(artifact.files()).toString());
      return texts.load(artifact);
    }
  }

  /** A step of the world before each poll, and one between a look and what follows from it. */
  private static final class Stage implements ModelRepository {
    private final ModelRepository real;
    final List<Step> growing = new CopyOnWriteArrayList<>();
    final Map<String, Step> onAvailable = new ConcurrentHashMap<>();
    final AtomicInteger polls = new AtomicInteger();

    @FunctionalInterface
    interface Step {
      /** False if it was the last. */
      boolean go() throws IOException;
    }

    Stage(ModelRepository real) {
      this.real = real;
    }

    @Override
    public Versions versions(String model) throws IOException {
      List<Step> ended = new ArrayList<>();
      for (Step step : growing) {
        if (!step.go()) {
          ended.add(step);
        }
      }
      growing.removeAll(ended);
      Versions found = real.versions(model);
      for (Versions.Entry entry : found.entries()) {
        Step step =
            entry.state() == Versions.State.AVAILABLE ? onAvailable.remove(entry.version()) : null;
        if (step != null) {
          step.go();
        }
      }
      polls.incrementAndGet();
      return found;
    }

    @Override
    public ModelArtifact fetch(String model, Versions.Entry version, Path target)
        throws IOException {
      return real.fetch(model, version, target);
    }

    void awaitPolls(int more) {
      int until = polls.get() + more;
      DeploymentFixture.await(() -> polls.get() >= until, polls::get);
    }
  }

  /** Takes what is there: what this test must not let pass. */
  private final class Unverified implements ModelRepository {
    @Override
    public Versions versions(String model) throws IOException {
      try (Stream<Path> list = Files.list(root.resolve(model))) {
        return new Versions(
            list.filter(path -> path.getFileName().toString().matches("[0-9]+"))
                .map(path -> path.getFileName().toString())
                .map(name -> new Versions.Entry(name, name, Versions.State.AVAILABLE, ""))
                .toList());
      }
    }

    @Override
    public ModelArtifact fetch(String model, Versions.Entry version, Path target)
        throws IOException {
      Path source = root.resolve(model).resolve(version.version());
      try (Stream<Path> walk = Files.walk(source)) {
        for (Path from : (Iterable<Path>) walk::iterator) {
          Path to = target.resolve(source.relativize(from).toString());
          if (Files.isDirectory(from)) {
            Files.createDirectories(to);
          } else {
            Files.copy(from, to);
          }
        }
      }
      return ModelArtifact.of(model, version.version(), target);
    }
  }

  private record Published(Kind kind, String version, String unit) {}

  // --- what publishers do
  // --------------------------------------------------------------------------

  private Map<String, byte[]> content() {
    Map<String, byte[]> files = new TreeMap<>();
    for (String name : List.of("labels.txt", "model.txt", "sub/weights.bin")) {
      byte[] bytes = new byte[2 + random.nextInt(200)];
      random.nextBytes(bytes);
      files.put(
          name,
          HexFormat.of().formatHex(bytes).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
    return files;
  }

  private static void write(Path directory, Map<String, byte[]> files) throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = directory.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
  }

  private static String unit(Map<String, byte[]> files) throws IOException {
    Map<String, String> hashes = new TreeMap<>();
    Path file = Files.createTempFile("unit", "");
    for (Map.Entry<String, byte[]> each : files.entrySet()) {
      Files.write(file, each.getValue());
      hashes.put(each.getKey(), Manifest.copyHashed(file, OutputStream.nullOutputStream()));
    }
    Files.delete(file);
    return hashes.toString();
  }

  private Path place(String version) {
    return root.resolve("iris").resolve(version);
  }

  private <T> T any(Collection<T> all) {
    return all.stream().skip(random.nextInt(all.size())).findFirst().orElseThrow();
  }

  /** Whole; with a manifest it comes first, as its bytes say when the rest is there. */
  private Path draft(Map<String, byte[]> files, String version, boolean manifest)
      throws IOException {
    Path draft = Files.createDirectories(aside.resolve("draft")).resolve(version);
    write(draft, files);
    if (manifest) {
      Manifest.write(draft);
      Files.move(Manifest.beside(draft), Manifest.beside(place(version)));
    }
    return draft;
  }

  private Published publish(Stage stage, Kind kind) throws IOException {
    String version = "" + next++;
    Map<String, byte[]> files = content();
    Published it = new Published(kind, version, unit(files));
    published.add(it.unit());
    if (kind == Kind.GROWING) {
      stage.growing.add(growth(version, files));
      return it;
    }
    Path draft = draft(files, version, kind.manifest);
    String file = any(files.keySet());
    long seed = random.nextLong();
    switch (kind) {
      case HALF_COPIED_MANIFEST -> halfCopied(draft, files);
      case TRUNCATED_MANIFEST -> truncate(draft.resolve(file), random);
      case BIT_FLIPPED_MANIFEST -> flip(draft.resolve(file), random);
      case LINKED_MANIFEST, LINKED -> link(draft.resolve(file), version);
      case EXTRA_FILE_MANIFEST -> Files.writeString(draft.resolve("extra.txt"), "x");
      case DAMAGED_BEFORE_FETCH, DAMAGED_BEFORE_FETCH_MANIFEST ->
          stage.onAvailable.put(version, () -> damage(place(version).resolve(file), version, seed));
      case OTHER_BYTES_BEFORE_FETCH, OTHER_BYTES_BEFORE_FETCH_MANIFEST -> {
        Map<String, byte[]> others = content();
        stage.onAvailable.put(version, () -> replace(version, others, kind.manifest));
      }
      default -> {}
    }
    Files.move(draft, place(version));
    return it;
  }

  /** A little more before each poll, so that no two in a row see the same; then it is whole. */
  private Stage.Step growth(String version, Map<String, byte[]> files) {
    TreeMap<String, ByteArrayInputStream> rest = new TreeMap<>();
    files.forEach((name, bytes) -> rest.put(name, new ByteArrayInputStream(bytes)));
    int chunk = 50 + random.nextInt(100);
    return () -> {
      Path file = place(version).resolve(rest.firstKey());
      Files.createDirectories(file.getParent());
      Files.write(
          file,
          rest.firstEntry().getValue().readNBytes(chunk),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      if (rest.firstEntry().getValue().available() == 0) {
        rest.pollFirstEntry();
      }
      return !rest.isEmpty();
    };
  }

  private void halfCopied(Path draft, Map<String, byte[]> files) throws IOException {
    List<String> names = new ArrayList<>(files.keySet());
    int whole = random.nextInt(names.size());
    truncate(draft.resolve(names.get(whole)), random);
    for (String missing : names.subList(whole + 1, names.size())) {
      Files.delete(draft.resolve(missing));
    }
  }

  private static void truncate(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
  }

  private static void flip(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    Files.write(file, bytes);
  }

  /** To the same bytes: they may be others tomorrow. */
  private void link(Path file, String version) throws IOException {
    Path elsewhere = aside.resolve("elsewhere-" + version);
    Files.move(file, elsewhere);
    Files.createSymbolicLink(file, elsewhere);
  }

  private boolean damage(Path file, String version, long seed) throws IOException {
    Random its = new Random(seed);
    FileTime time = Files.getLastModifiedTime(file);
    switch (its.nextInt(4)) {
      case 0 -> truncate(file, its);
      case 1 -> flip(file, its);
      case 2 -> {
        flip(file, its);
        Files.setLastModifiedTime(file, time); // neither name, size nor time tell
      }
      default -> {
        flip(file, its);
        link(file, version);
      }
    }
    return false;
  }

  private boolean replace(String version, Map<String, byte[]> others, boolean manifest)
      throws IOException {
    withdraw(version);
    Files.deleteIfExists(Manifest.beside(place(version)));
    Files.move(draft(others, version, manifest), place(version));
    return false;
  }

  /** In one step: a directory that goes file by file looks like one that comes. */
  private void withdraw(String version) throws IOException {
    Files.move(place(version), aside.resolve("withdrawn-" + version + "-" + next++));
  }

  // --- rounds
  // --------------------------------------------------------------------------------------

  private void run(ModelRepository repository, Set<Kind> kinds, boolean required, int rounds)
      throws Exception {
    long seed = System.nanoTime();
    random = new Random(seed);
    System.out.println("damaged versions: seed " + seed);
    Files.createDirectories(root.resolve("iris"));
    Stage stage = new Stage(repository);
    Published first = publish(stage, Kind.OTHER_BYTES_LATER_MANIFEST);
    Map<Kind, Integer> tried = new EnumMap<>(Kind.class);
    try (var iris =
        Deployment.of("iris", stage, new Recorder())
            .lanes(lanes)
            .staging(staging)
            .policy(VersionPolicy.latest(1_000)) // whatever can be loaded is
            .pollEvery(Duration.ofMillis(1))
            .start()) {
      assertThat(loaded).contains(first.unit());
      for (int round = 0; round < rounds; round++) {
        List<Published> all = new ArrayList<>();
        for (int i = 0; i < TRIALS; i++) {
          Kind kind = any(kinds);
          tried.merge(kind, 1, Integer::sum);
          all.add(publish(stage, kind));
        }
        all.add(publish(stage, Kind.OTHER_BYTES_LATER_MANIFEST)); // a good one, the latest
        look(iris, stage, all, required);
        for (Published each : all) {
          withdraw(each.version());
          Files.deleteIfExists(Manifest.beside(place(each.version())));
        }
      }
    }
    System.out.println("damaged versions: tried " + tried + ", violations " + violations.size());
    assertThat(tried.values().stream().mapToInt(i -> i).sum()).isEqualTo(rounds * TRIALS);
  }

  private void look(
      Deployment<String, String> iris, Stage stage, List<Published> all, boolean required)
      throws IOException {
    Published latest = all.get(all.size() - 1);
    DeploymentFixture.awaitState(iris, latest.version(), DeploymentStatus.State.LIVE);
    DeploymentFixture.await(
        () -> stage.growing.isEmpty() && (required || stage.onAvailable.isEmpty()),
        () -> all + " " + iris.status());
    for (Published each : all) {
      if (each.kind().loads(required)) {
        DeploymentFixture.await(
            () -> loaded.contains(each.unit()), () -> each + " " + iris.status());
      }
      if (each.kind().name().startsWith("OTHER_BYTES_LATER")) {
        replace(each.version(), content(), each.kind().manifest);
      }
    }
    stage.awaitPolls(4); // two to be taken, one to be decided, one under way
    DeploymentFixture.await(() -> isQuiet(iris), iris::status);
    for (Published each : all) {
      if (!each.kind().loads(required) && loaded.contains(each.unit())) {
        violations.add(each.kind() + " was loaded as published");
      }
    }
    for (String unit : loaded) {
      if (published.add(unit)) { // told once
        violations.add("loaded what nobody published");
      }
    }
  }

  private static boolean isQuiet(Deployment<?, ?> iris) {
    return iris.status().versions().stream()
        .noneMatch(
            v ->
                v.state() == DeploymentStatus.State.AVAILABLE // wanted, as all are
                    || v.state() == DeploymentStatus.State.FETCHING
                    || v.state() == DeploymentStatus.State.LOADING
                    || v.state() == DeploymentStatus.State.GATING);
  }

  @Test
  void deployment_damagedVersionsManifestRequired_neverLoadsOne() throws Exception {
    run(
        DirectoryRepository.at(root).requireManifest(),
        EnumSet.complementOf(EnumSet.of(Kind.GROWING)),
        true,
        ROUNDS);
    assertThat(violations).isEmpty();
  }

  @Test
  void deployment_damagedVersionsManifestOptional_neverLoadsOne() throws Exception {
    run(DirectoryRepository.at(root), EnumSet.allOf(Kind.class), false, ROUNDS);
    assertThat(violations).isEmpty();
  }

  /** The rounds see it where nothing is verified. */
  @Test
  void deployment_nothingVerified_loadsDamagedVersions() throws Exception {
    Set<Kind> kinds = EnumSet.allOf(Kind.class);
    kinds.removeIf(kind -> kind.loads(false));
    run(new Unverified(), kinds, false, 3);
    assertThat(violations).hasSizeGreaterThan(3 * TRIALS / 2);
  }
}
