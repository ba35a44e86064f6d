package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.fetch.FetchLimits;
import dev.inflight.fetch.FetchListener;
import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.OmsRoot;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import dev.inflight.testkit.Damage;
import dev.inflight.testkit.Hostile;
import dev.inflight.testkit.Outage;
import dev.inflight.testkit.RepositoryContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MLflow over HTTP keeps the contract, and what is special about it. */
class MlflowRepositoryContractTest extends RepositoryContract {
  private static final HttpSource.Patience SHORT =
      new HttpSource.Patience(
          Duration.ofSeconds(5), Duration.ofMillis(500), Duration.ofMillis(500));
  private static final byte[] BYTES = "a model".getBytes(StandardCharsets.UTF_8);

  private FakeMlflow server;
  @TempDir Path other;

  @BeforeEach
  void start() throws IOException {
    server = new FakeMlflow(MODEL);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Override
  protected MlflowRepository open() {
    return MlflowRepository.at(server.uri()).withCredentials(FakeMlflow.USER, FakeMlflow.PASSWORD);
  }

  @Override
  protected ModelRepository openImpatient() {
    return open().withPatience(SHORT);
  }

  @Override
  protected String publish(Map<String, byte[]> files) throws IOException {
    int version = server.publish(files);
    server.tag(version, OmsRoot.TAG, root(files));
    return String.valueOf(version);
  }

  private static String root(Map<String, byte[]> files) throws IOException {
    Path directory = Files.createTempDirectory("root");
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = directory.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    return OmsRoot.of(ModelArtifact.of("", "", directory));
  }

  @Override
  protected void withdraw(String version) {
    server.withdraw(Integer.parseInt(version));
  }

  @Override
  protected boolean alias(String alias, Optional<String> version) {
    server.alias(alias, version.map(Integer::valueOf).orElse(null));
    return true;
  }

  @Override
  protected boolean damage(String version, String file, Damage damage) {
    server.damage(Integer.parseInt(version), file, damage);
    return true;
  }

  @Override
  protected void repair(String version, String file) {
    server.damage(Integer.parseInt(version), file, null);
  }

  @Override
  protected Optional<String> publishHostile(Hostile hostile, Path outside) {
    if (hostile == Hostile.SYMBOLIC_LINK) {
      return Optional.empty(); // a listing has no links; those of a local store are tried below
    }
    Map<String, byte[]> files = new TreeMap<>();
    files.put("model.onnx", BYTES);
    files.put(hostile.path(), BYTES);
    return Optional.of(String.valueOf(server.publish(files)));
  }

  @Override
  protected boolean fail(Outage outage) throws IOException {
    server.fail(outage);
    return true;
  }

  @Override
  protected void recover() throws IOException {
    server.recover();
  }

  @Override
  protected List<String> secrets() {
    String both = FakeMlflow.USER + ":" + FakeMlflow.PASSWORD;
    return List.of(
        FakeMlflow.PASSWORD,
        Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8)));
  }

  private static Versions.Entry only(ModelRepository repository) throws IOException {
    return repository.versions(MODEL).entries().get(0);
  }

  @Test
  void versions_manyPages_areAllThere() throws IOException {
    for (int i = 0; i < 5; i++) {
      publish(Map.of("model.onnx", BYTES, "number", new byte[] {(byte) i}));
    }
    assertThat(open().versions(MODEL).entries())
        .extracting(Versions.Entry::version)
        .containsExactly("1", "2", "3", "4", "5");
  }

  @Test
  void versions_wrongPassword_saysSo() {
    MlflowRepository repository = open().withCredentials(FakeMlflow.USER, "wrong");
    assertThatThrownBy(() -> repository.versions(MODEL))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected status 200, got 401")
        .hasMessageContaining("You are not authenticated.");
  }

  @Test
  void versions_digestRequired_waitForTheTag() throws IOException {
    int version = server.publish(Map.of("model.onnx", BYTES));
    MlflowRepository repository = open().requireDigest();
    assertThat(only(repository).state()).isEqualTo(Versions.State.PENDING);
    server.tag(version, OmsRoot.TAG, root(Map.of("model.onnx", BYTES)));
    assertThat(only(repository).state()).isEqualTo(Versions.State.AVAILABLE);
  }

  @Test
  void fetch_wrongTag_isRefused() throws IOException {
    int version = server.publish(Map.of("model.onnx", BYTES));
    server.tag(version, OmsRoot.TAG, "ab".repeat(32));
    assertThatThrownBy(() -> open().fetch(MODEL, only(open()), other))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.VERIFY))
        .hasMessageContaining("expected root digest " + "ab".repeat(32));
  }

  @Test
  void fetch_otherBytesThanTheFirstTime_isRefusedWithoutATag(@TempDir Path again)
      throws IOException {
    int version = server.publish(Map.of("model.onnx", BYTES));
    MlflowRepository repository = open();
    repository.fetch(MODEL, only(repository), other);
    server.damage(version, "model.onnx", Damage.FLIPPED);
    assertThatThrownBy(() -> repository.fetch(MODEL, only(repository), again))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("its bytes changed");
  }

  @Test
  void fetch_pickle_isRefusedBeforeItIsDownloaded() throws IOException {
    String text =
        """
        flavors:
          python_function: {loader_module: mlflow.sklearn}
          sklearn: {pickled_model: model.pkl}
        """;
    server.publish(
        Map.of("MLmodel", text.getBytes(StandardCharsets.UTF_8), "model.pkl", new byte[100]));
    assertThatThrownBy(() -> open().fetch(MODEL, only(open()), other))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD))
        .hasMessageContaining("got [python_function, sklearn]")
        .hasMessageContaining("skl2onnx");
    assertThat(server.requests()).noneMatch(path -> path.endsWith("model.pkl"));
  }

  @Test
  void fetch_moreThanTheLimits_isRefused(@TempDir Path again) throws IOException {
    server.publish(Map.of("model.onnx", new byte[1000], "a", BYTES, "b", BYTES));
    MlflowRepository bytes = open().withLimits(FetchLimits.defaults().withBytes(999));
    assertThatThrownBy(() -> bytes.fetch(MODEL, only(bytes), other))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("expected at most 999 bytes");
    MlflowRepository files = open().withLimits(FetchLimits.defaults().withFiles(2));
    assertThatThrownBy(() -> files.fetch(MODEL, only(files), again))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("expected at most 2 files");
  }

  @Test
  void fetch_listened_tellsEachFileToItsEnd() throws IOException {
    server.publish(Map.of("model.onnx", new byte[3_000_000], "labels.txt", BYTES));
    List<FetchListener.Progress> told = new ArrayList<>();
    MlflowRepository repository = open().withListener(told::add);
    repository.fetch(MODEL, only(repository), other);
    assertThat(told)
        .filteredOn(p -> p.fileBytes() == p.expectedFileBytes())
        .extracting(FetchListener.Progress::file)
        .containsExactlyInAnyOrder("model.onnx", "labels.txt");
    assertThat(told).hasSizeGreaterThan(3);
    assertThat(told.get(told.size() - 1).bytes()).isEqualTo(3_000_000 + BYTES.length);
  }

  @Test
  void following_anAlias_hasTheVersionItNames() throws IOException {
    publish(Map.of("model.onnx", BYTES));
    publish(Map.of("model.onnx", BYTES, "b", BYTES));
    MlflowRepository repository = open().following("models:/" + MODEL + "@champion");
    assertThat(repository.versions("any name").entries()).isEmpty();
    server.alias("champion", 2);
    Versions.Entry second = repository.versions("any name").entries().get(0);
    assertThat(second.version()).isEqualTo("2");
    server.alias("champion", 1);
    assertThat(repository.versions("any name").entries().get(0).version()).isEqualTo("1");
    // The version that was seen is fetched, though the alias has moved since.
    assertThat(repository.fetch("any name", second, other).label()).isEqualTo("any name v2");
  }

  @Test
  void localStore_belowWhatIsAllowed_isCopied(@TempDir Path store) throws IOException {
    Path version = Files.createDirectories(store.resolve("allowed/1"));
    Path file = Files.write(version.resolve("model.onnx"), BYTES);
    int number = server.publish(Map.of());
    server.store(number, version.toUri().toString());
    MlflowRepository repository = open().withLocalArtifacts(store.resolve("allowed"));
    ModelArtifact artifact = repository.fetch(MODEL, only(repository), other);
    Files.writeString(file, "other bytes"); // through a link or not: ours are a copy
    assertThat(artifact.read("model.onnx").remaining()).isEqualTo(BYTES.length);
  }

  @Test
  void localStore_withALink_isRefused(@TempDir Path store) throws IOException {
    Path version = Files.createDirectories(store.resolve("1"));
    Files.write(version.resolve("model.onnx"), BYTES);
    Files.createSymbolicLink(version.resolve("link"), Path.of("/etc/hostname"));
    int number = server.publish(Map.of());
    server.store(number, version.toString());
    MlflowRepository repository = open().withLocalArtifacts(store);
    assertThatThrownBy(() -> repository.fetch(MODEL, only(repository), other))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("expected files only, got a link: 'link'");
  }

  @Test
  void localStore_outsideOfWhatIsAllowed_isNotRead(@TempDir Path store) throws IOException {
    Path secret = Files.createDirectories(store.resolve("secret"));
    Files.write(secret.resolve("model.onnx"), BYTES);
    Path allowed = Files.createDirectories(store.resolve("allowed"));
    Files.createSymbolicLink(allowed.resolve("1"), secret);
    int number = server.publish(Map.of());
    for (MlflowRepository repository : List.of(open(), open().withLocalArtifacts(allowed))) {
      for (Path address : List.of(secret, allowed.resolve("1"))) {
        server.store(number, address.toString());
        assertThatThrownBy(() -> repository.fetch(MODEL, only(repository), other))
            .isInstanceOf(ModelLoadException.class)
            .hasMessageContaining("withLocalArtifacts");
      }
    }
    assertThat(other).isEmptyDirectory();
  }
}
