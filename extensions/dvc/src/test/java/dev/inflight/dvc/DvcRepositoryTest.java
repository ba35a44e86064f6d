package dev.inflight.dvc;

import static dev.inflight.dvc.Publisher.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.fetch.FetchLimits;
import dev.inflight.fetch.OmsRoot;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What versions there are of an artifact, and where its bytes are found. */
class DvcRepositoryTest {
  private static final byte[] BYTES = "a model".getBytes(StandardCharsets.UTF_8);
  private static final byte[] OTHER = "another model".getBytes(StandardCharsets.UTF_8);
  private static final String MODEL = "fraud";

  @TempDir Path home;
  @TempDir Path target;
  private Publisher publisher;

  @BeforeEach
  void create() throws IOException {
    publisher = new Publisher(home);
    publisher.remote(publisher.store().toString()).artifact(MODEL, "models/model.onnx");
  }

  @AfterEach
  void close() {
    publisher.close();
  }

  private DvcRepository open() {
    return DvcRepository.at(publisher.directory()).withLocalRemotes(publisher.store());
  }

  private Versions.Entry head() throws IOException {
    publisher.commit();
    return only(open().following(MODEL, "main"));
  }

  private ModelArtifact fetchHead() throws IOException {
    Versions.Entry entry = head();
    assertThat(entry.reason()).isEmpty();
    return open().following(MODEL, "main").fetch(MODEL, entry, target);
  }

  private void assertBytes(String file, byte[] bytes) {
    assertThat(target.resolve(file)).hasBinaryContent(bytes);
  }

  private static void assertRefused(ThrowingCallable fetch, Stage stage, String message) {
    assertThatThrownBy(fetch)
        .isInstanceOfSatisfying(
            ModelLoadException.class, e -> assertThat(e.stage()).isEqualTo(stage))
        .hasMessageContaining(message);
  }

  @Test
  void versions_tagged_areTheRegisteredOnesInOrder() throws IOException {
    for (String version : new String[] {"1.2.10", "1.2.9", "1.2.10-rc.1"}) {
      publisher.addFile("models/model.onnx", version.getBytes(StandardCharsets.UTF_8)).commit();
      publisher.tag(MODEL + "@v" + version);
    }
    publisher.tag(MODEL + "@v0.1.0").tag(MODEL + "@v0.1.0!").tagLightly(MODEL + "@v9.9.9");
    publisher.tag("other@v1.0.0").tag("models=fraud@v2.0.0");
    publisher.tag(MODEL + "#prod#1").tagLightly(MODEL + "#dev");
    Versions versions = open().versions(MODEL);
    assertThat(versions.entries())
        .extracting(Versions.Entry::version)
        .containsExactly("1.2.9", "1.2.10-rc.1", "1.2.10");
    assertThat(versions.aliases()).isEqualTo(Map.of("prod", "1.2.10-rc.1"));
  }

  @Test
  void versions_sameBytesAtAnotherCommit_haveTheSameIdentity() throws IOException {
    publisher.addFile("models/model.onnx", BYTES).commit();
    publisher.tag(MODEL + "@v1.0.0");
    publisher.write("README", "words").commit();
    publisher.tag(MODEL + "@v1.0.1");
    publisher.addFile("models/model.onnx", OTHER).commit();
    publisher.tag(MODEL + "@v1.0.2");
    assertThat(open().versions(MODEL).entries())
        .extracting(Versions.Entry::identity)
        .satisfies(ids -> assertThat(ids.get(0)).isEqualTo(ids.get(1)).isNotEqualTo(ids.get(2)));
  }

  @Test
  void versions_stageOfACommitWithoutVersion_isCalledAsTheCommitIs() throws IOException {
    publisher.addFile("models/model.onnx", BYTES).commit();
    publisher.tag(MODEL + "#dev");
    Versions versions = open().versions(MODEL);
    assertThat(versions.aliases()).isEqualTo(Map.of("dev", publisher.head()));
    open().fetch(MODEL, versions.entries().get(0), target);
    assertBytes("model.onnx", BYTES);
  }

  @Test
  void versions_artifactNotDeclared_areRefusedWithTheNamesThereAre() throws IOException {
    publisher.artifact("churn", "models/model.onnx").commit();
    publisher.tag(MODEL + "@v1.0.0");
    Versions.Entry entry = open().versions(MODEL).entries().get(0);
    assertThat(entry.state()).isEqualTo(Versions.State.REFUSED);
    assertThat(entry.reason()).contains("expected artifact 'fraud'", "got [churn]");
  }

  @Test
  void following_aStage_isTheVersionItHasAtTheTime() throws IOException {
    publisher.addFile("models/model.onnx", BYTES).commit();
    publisher.tag(MODEL + "@v1.0.0").tag(MODEL + "#prod#1");
    DvcRepository repository = open().following("fraud#prod");
    Versions.Entry first = only(repository);
    assertThat(first.version()).isEqualTo("1.0.0");
    publisher.addFile("models/model.onnx", OTHER).commit();
    publisher.tag(MODEL + "@v1.1.0").tag(MODEL + "#prod#2");
    assertThat(only(repository).version()).isEqualTo("1.1.0");
    assertThat(only(open().following("fraud@latest")).version()).isEqualTo("1.1.0");
    assertThat(only(open().following("fraud@v1.0.0"))).isEqualTo(first);
    assertThat(open().following("fraud@v3.0.0").versions(MODEL).entries()).isEmpty();
    assertThat(open().following("fraud#none").versions(MODEL).entries()).isEmpty();
    // The version that was seen is fetched, though the stage has moved since.
    assertThat(repository.fetch("any name", first, target).label()).isEqualTo("any name v1.0.0");
    assertBytes("model.onnx", BYTES);
  }

  @Test
  void following_aRevision_isWhatItHolds() throws IOException {
    publisher.addFile("models/model.onnx", BYTES);
    String first = publisher.commit();
    publisher.tagLightly("release").tag("annotated");
    publisher.addFile("models/model.onnx", OTHER);
    String second = publisher.commit();
    assertThat(only(open().following(MODEL, "main")).version()).isEqualTo(second);
    assertThat(only(open().following(MODEL, "release")).version()).isEqualTo(first);
    assertThat(only(open().following(MODEL, "annotated")).version()).isEqualTo(first);
    assertThat(only(open().following(MODEL, first)).version()).isEqualTo(first);
    assertThat(only(open().following("models/model.onnx", "main")).version()).isEqualTo(second);
    assertThat(open().following(MODEL, "nothing").versions(MODEL).entries()).isEmpty();
  }

  @Test
  void following_nonsense_saysWhatIsExpected() {
    for (String address : new String[] {"fraud", "fraud@1.2.3", "#prod", "a b#prod", "fraud#"}) {
      assertThatThrownBy(() -> open().following(address))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected <artifact>#<stage>")
          .hasMessageContaining(address);
    }
  }

  @Test
  void at_otherAddresses_saysWhatIsExpected() {
    for (String address :
        new String[] {
          "ssh://git@git.example/m.git", "git@git.example:m.git", "https://h/m?token=x"
        }) {
      assertThatThrownBy(() -> DvcRepository.at(address))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected an address such as https://")
          .hasMessageNotContaining("token=x");
    }
    assertThat(DvcRepository.at("https://me:hunter2@git.example/m.git").toString())
        .isEqualTo("DVC in https://git.example/m.git");
  }

  @Test
  void fetch_file_arrivesUnderItsOwnName() throws IOException {
    publisher.addFile("models/model.onnx", BYTES);
    assertThat(fetchHead().files()).containsOnlyKeys("model.onnx");
    assertBytes("model.onnx", BYTES);
  }

  @Test
  void fetch_artifactOfASubdirectory_isRelativeToItsFile() throws IOException {
    publisher.addFile("team/a/model.onnx", BYTES);
    publisher.write("team/dvc.yaml", "artifacts:\n  fraud:\n    path: a/model.onnx\n").commit();
    publisher.tag("team=fraud@v1.0.0");
    Versions.Entry entry = open().versions("team:fraud").entries().get(0);
    open().fetch("team:fraud", entry, target);
    assertBytes("model.onnx", BYTES);
  }

  @Test
  void fetch_outputOfAStage_isFoundByItsWorkingDirectory() throws IOException {
    publisher.write(
        "pipe/dvc.yaml",
        "vars:\n- out: {dir: ../models}\nstages:\n  train:\n    wdir: ${out.dir}\n    cmd: x\n    outs: [model.onnx]\n");
    publisher.write(
        "pipe/dvc.lock",
        "schema: '2.0'\nstages:\n  train:\n    cmd: x\n    outs:\n    - path: model.onnx\n      hash: md5\n      md5: "
            + publisher.push(BYTES, "")
            + "\n      size: 7\n");
    fetchHead();
    assertBytes("model.onnx", BYTES);
  }

  @Test
  void fetch_partOfADirectory_isPickedFromItsList() throws IOException {
    publisher.addDirectory("models", Map.of("model.onnx", BYTES, "a/b.txt", OTHER));
    assertThat(fetchHead().files()).containsOnlyKeys("model.onnx");
    assertBytes("model.onnx", BYTES);
  }

  @Test
  void fetch_directoryOfADirectory_isPickedFromItsList() throws IOException {
    publisher.artifact(MODEL, "data/models");
    publisher.addDirectory(
        "data", Map.of("models/model.onnx", BYTES, "models-old/model.onnx", OTHER));
    assertThat(fetchHead().files()).containsOnlyKeys("model.onnx");
    assertBytes("model.onnx", BYTES);
  }

  @Test
  void fetch_fileAndDirectoryInGit_areCopied(@TempDir Path again) throws IOException {
    publisher.write("models/model.onnx", BYTES).write("models/a/labels.txt", OTHER);
    fetchHead();
    assertBytes("model.onnx", BYTES);
    DvcRepository all = open().following("models", "main");
    assertThat(all.fetch(MODEL, only(all), again).files())
        .containsOnlyKeys("model.onnx", "a/labels.txt");
  }

  @Test
  void fetch_outputThatGitKeeps_isVerifiedByItsDigest() throws IOException {
    publisher.write("models/model.onnx", BYTES);
    publisher.write(
        "models/model.onnx.dvc",
        "outs:\n- md5: "
            + Publisher.md5(OTHER)
            + "\n  hash: md5\n  cache: false\n  path: model.onnx\n");
    Versions.Entry entry = head();
    assertRefused(
        () -> open().following(MODEL, "main").fetch(MODEL, entry, target),
        Stage.VERIFY,
        "expected md5 " + Publisher.md5(OTHER));
  }

  @Test
  void versions_whatIsNoModel_areRefusedWithTheReason() throws IOException {
    publisher.write(
        "models/model.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n");
    assertThat(head().reason()).contains("got a pointer of Git LFS: track it with dvc add");
    publisher.link("models/model.onnx", "/etc/passwd");
    assertThat(head().reason()).contains("expected files only, got a link");
    publisher.remove("models/model.onnx");
    assertThat(head().reason()).contains("expected 'models/model.onnx' in DVC or in Git");
    publisher.artifact(MODEL, "../../etc/passwd");
    assertThat(head().reason()).contains("expected a path in the repository");
    publisher.artifact(MODEL, "${nothing.here}");
    assertThat(head().reason()).contains("expected 'nothing.here' in params.yaml or vars");
    publisher.write("dvc.yaml", "artifacts: {{{");
    assertThat(head().reason()).contains("file 'dvc.yaml': expected YAML");
    publisher.write("dvc.yaml", "x: &x [1]\ny: !!java.net.URL [http://h/]\n");
    assertThat(head().reason()).contains("file 'dvc.yaml': expected YAML");
  }

  @Test
  void fetch_templatedPath_isFilledIn() throws IOException {
    publisher.artifact(MODEL, "models/${model.name}-${version}.onnx");
    publisher.write("params.yaml", "model: {name: fraud}\nversion: 1.10\n");
    publisher.addFile("models/fraud-1.10.onnx", BYTES);
    assertThat(fetchHead().files()).containsOnlyKeys("fraud-1.10.onnx");
  }

  /** As DVC 2 wrote it: elsewhere, without {@code hash}, line ends of text as on Unix. */
  private void addLegacy(String md5, byte[] bytes) throws IOException {
    Path object = publisher.store().resolve(md5.substring(0, 2)).resolve(md5.substring(2));
    Files.createDirectories(object.getParent());
    Files.write(object, bytes);
    publisher.write(
        "models/model.onnx.dvc",
        "outs:\n- md5: %s\n  size: %d\n  path: model.onnx\n".formatted(md5, bytes.length));
  }

  @Test
  void fetch_legacyText_isVerifiedByItsDigestOfThatTime() throws IOException {
    byte[] text = "a\r\nb\r\n".getBytes(StandardCharsets.US_ASCII);
    addLegacy("dd8c6a395b5dd36c56d23275028f526c", text);
    fetchHead();
    assertBytes("model.onnx", text);
  }

  @Test
  void fetch_legacyOfOtherBytes_isRefused() throws IOException {
    addLegacy(Publisher.md5(BYTES), "b model".getBytes(StandardCharsets.UTF_8));
    Versions.Entry entry = head();
    assertRefused(
        () -> open().following(MODEL, "main").fetch(MODEL, entry, target),
        Stage.VERIFY,
        "expected md5-dos2unix " + Publisher.md5(BYTES));
  }

  @Test
  void fetch_listOfADirectoryDamaged_isRefusedBeforeAnyFile() throws IOException {
    publisher.artifact(MODEL, "models").addDirectory("models", Map.of("model.onnx", BYTES));
    Versions.Entry entry = head();
    String list = "[{\"md5\": \"" + Publisher.md5(BYTES) + "\", \"relpath\": \"model.onnx\"}]";
    Path object = publisher.object(Publisher.md5(list.getBytes(StandardCharsets.UTF_8)) + ".dir");
    assertThat(object).hasContent(list);
    Files.writeString(object, list + " ");
    assertRefused(
        () -> open().following(MODEL, "main").fetch(MODEL, entry, target),
        Stage.VERIFY,
        "directory 'models': expected md5");
    assertThat(target).isEmptyDirectory();
  }

  @Test
  void fetch_vectorOfADirectory_hasTheDigestThatDvcGaveIt() throws IOException {
    publisher.artifact(MODEL, "models");
    byte[] hello = "hello".getBytes(StandardCharsets.US_ASCII);
    publisher.addDirectory("models", Map.of("a\u00e9.bin", new byte[0], "b/two.txt", hello));
    assertThat(publisher.object("a6874977621cacca1d8289b1bf8149b6.dir")).exists();
    assertThat(fetchHead().files()).containsOnlyKeys("a\u00e9.bin", "b/two.txt");
  }

  @Test
  void fetch_objectNotPushed_saysSo() throws IOException {
    publisher.addFile("models/model.onnx", BYTES);
    Files.delete(publisher.object(Publisher.md5(BYTES)));
    Versions.Entry entry = head();
    assertRefused(
        () -> open().following(MODEL, "main").fetch(MODEL, entry, target),
        Stage.FETCH,
        "object missing in remote 'storage', not pushed? (dvc push)");
  }

  @Test
  void fetch_digestsOfMeta_areRequired(@TempDir Path again) throws IOException {
    publisher.addFile("models/model.onnx", BYTES);
    String sha = fetchHead().files().get("model.onnx");
    String root = OmsRoot.of(ModelArtifact.of("m", "1", target));
    String file =
        "artifacts: {fraud: {path: models/model.onnx, meta: {sha256: %s, oms.root.sha256: %s}}}";
    publisher.write("dvc.yaml", file.formatted(sha, root));
    DvcRepository repository = open().following(MODEL, "main");
    repository.fetch(MODEL, head(), Files.createDirectory(again.resolve("1")));
    publisher.write("dvc.yaml", file.formatted("ab".repeat(32), root));
    Versions.Entry second = head();
    assertRefused(
        () -> repository.fetch(MODEL, second, Files.createDirectory(again.resolve("2"))),
        Stage.VERIFY,
        "expected sha256 " + "ab".repeat(32));
    publisher.write("dvc.yaml", file.formatted(sha, "cd".repeat(32)));
    Versions.Entry third = head();
    assertRefused(
        () -> repository.fetch(MODEL, third, Files.createDirectory(again.resolve("3"))),
        Stage.VERIFY,
        "expected root digest " + "cd".repeat(32));
  }

  @Test
  void fetch_moreThanTheLimits_isRefused(@TempDir Path again) throws IOException {
    publisher.artifact(MODEL, "models").addDirectory("models", Map.of("a", BYTES, "b", OTHER));
    Versions.Entry entry = head();
    DvcRepository bytes =
        open().following(MODEL, "main").withLimits(FetchLimits.defaults().withBytes(10));
    assertRefused(
        () -> bytes.fetch(MODEL, entry, target), Stage.VERIFY, "expected at most 10 bytes");
    DvcRepository files =
        open().following(MODEL, "main").withLimits(FetchLimits.defaults().withFiles(1));
    assertRefused(() -> files.fetch(MODEL, entry, again), Stage.VERIFY, "expected at most 1 files");
  }
}
