package dev.inflight.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is available, pending or refused, and that only verified bytes are copied. */
class DirectoryRepositoryTest {
  @TempDir Path root;
  @TempDir Path target;
  private DirectoryRepository repository;

  @BeforeEach
  void open() {
    repository = DirectoryRepository.at(root);
  }

  private Path publish(String version, String content) throws IOException {
    Path directory = TestFiles.write(root, "iris", version, "model.onnx", content);
    Manifest.write(directory);
    return directory;
  }

  private Versions.Entry look(String version) throws IOException {
    return repository.versions("iris").entries().stream()
        .filter(entry -> entry.version().equals(version))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void versions_noDirectory_areNone() throws IOException {
    assertThat(repository.versions("iris").entries()).isEmpty();
  }

  @Test
  void versions_numbers_areOrderedAndOthersIgnored() throws IOException {
    for (String version : new String[] {"10", "2", "1", "x", "01", "-3", "3.tmp"}) {
      publish(version, "abc" + version);
    }
    Files.writeString(root.resolve("iris/4"), "a file");
    assertThat(repository.versions("iris").entries())
        .extracting(Versions.Entry::version)
        .containsExactly("1", "2", "10");
  }

  @Test
  void versions_withManifest_areAvailableAtOnce() throws IOException {
    publish("1", "abc");
    Versions.Entry entry = look("1");
    assertThat(entry.state()).isEqualTo(Versions.State.AVAILABLE);
    assertThat(entry.reason()).isEmpty();
    assertThat(entry.identity()).hasSize(64);
  }

  @Test
  void versions_withoutManifest_areAvailableWhenStable() throws IOException {
    TestFiles.write(root, "iris", "1", "model.onnx", "ab");
    assertThat(look("1").state()).isEqualTo(Versions.State.PENDING);
    TestFiles.write(root, "iris", "1", "model.onnx", "abc");
    assertThat(look("1").state()).isEqualTo(Versions.State.PENDING);
    TestFiles.write(root, "iris", "1", "labels.txt", "a");
    assertThat(look("1").state()).isEqualTo(Versions.State.PENDING);
    assertThat(look("1").state()).isEqualTo(Versions.State.AVAILABLE);
  }

  @Test
  void versions_emptyDirectory_stayPending() throws IOException {
    Files.createDirectories(root.resolve("iris/1"));
    for (int poll = 0; poll < 3; poll++) {
      assertThat(look("1").state()).isEqualTo(Versions.State.PENDING);
    }
  }

  @Test
  void versions_manifestRequired_stayPendingWithoutOne() throws IOException {
    repository = DirectoryRepository.at(root).requireManifest();
    Path version = TestFiles.write(root, "iris", "1", "model.onnx", "abc");
    for (int poll = 0; poll < 3; poll++) {
      assertThat(look("1").state()).isEqualTo(Versions.State.PENDING);
      assertThat(look("1").reason()).isEqualTo("no manifest yet");
    }
    Manifest.write(version);
    assertThat(look("1").state()).isEqualTo(Versions.State.AVAILABLE);
    assertThat(repository).hasToString(root + " (manifests required)");
  }

  @Test
  void versions_halfCopied_becomeAvailableWhenWhole() throws IOException {
    Path version = publish("1", "abcdef");
    TestFiles.write(root, "iris", "1", "model.onnx", "abc");
    assertThat(look("1").state()).isEqualTo(Versions.State.PENDING);
    assertThat(look("1").state()).isEqualTo(Versions.State.REFUSED);
    Files.delete(version.resolve("model.onnx"));
    assertThat(look("1").state()).isEqualTo(Versions.State.PENDING);
    TestFiles.write(root, "iris", "1", "model.onnx", "abcdef");
    assertThat(look("1").state()).isEqualTo(Versions.State.AVAILABLE);
  }

  @Test
  void versions_corruptedFile_areRefusedWithTheDifference() throws IOException {
    Path version = publish("1", "abc");
    String expected = Manifest.read(version).files().get("model.onnx");
    TestFiles.write(root, "iris", "1", "model.onnx", "abd");
    assertThat(look("1").state()).isEqualTo(Versions.State.PENDING);
    Versions.Entry entry = look("1");
    assertThat(entry.state()).isEqualTo(Versions.State.REFUSED);
    assertThat(entry.reason())
        .startsWith("file 'model.onnx': expected sha256 " + expected + ", got ");
    assertThat(entry.identity()).isEmpty();
  }

  @Test
  void versions_extraOrMissingFile_areRefusedByName() throws IOException {
    Path version = publish("1", "abc");
    TestFiles.write(root, "iris", "1", "extra.txt", "x");
    look("1");
    assertThat(look("1").reason()).isEqualTo("file 'extra.txt': not in the manifest");
    Files.delete(version.resolve("extra.txt"));
    TestFiles.write(root, "iris", "1", "other.onnx", "abc");
    Files.delete(version.resolve("model.onnx"));
    look("1");
    assertThat(look("1").reason())
        .isEqualTo("file 'model.onnx': expected by the manifest, missing");
  }

  @Test
  void versions_changedBytes_areRefusedUnderAKnownNumber() throws IOException {
    publish("1", "abc");
    String identity = look("1").identity();
    publish("1", "other");
    Versions.Entry changed = look("1");
    assertThat(changed.state()).isEqualTo(Versions.State.REFUSED);
    assertThat(changed.reason())
        .contains("expected digest " + identity)
        .contains("got " + changed.identity());
    publish("1", "abc");
    assertThat(look("1").state()).isEqualTo(Versions.State.AVAILABLE);
    assertThat(look("1").identity()).isEqualTo(identity);
  }

  @Test
  void versions_symbolicLinks_areRefused() throws IOException {
    Path version = TestFiles.write(root, "iris", "1", "model.onnx", "abc");
    Files.createSymbolicLink(version.resolve("labels.txt"), Path.of("/etc/hostname"));
    Files.createSymbolicLink(root.resolve("iris/2"), version);
    look("1");
    Versions.Entry entry = look("1");
    assertThat(entry.state()).isEqualTo(Versions.State.REFUSED);
    assertThat(entry.reason()).contains("labels.txt");
    assertThat(repository.versions("iris").entries()).hasSize(1);
  }

  @Test
  void versions_badManifest_areRefusedAndOthersNot() throws IOException {
    Path bad = publish("2", "abc");
    Files.writeString(Manifest.beside(bad), "nonsense");
    publish("1", "abc");
    assertThat(look("2").state()).isEqualTo(Versions.State.REFUSED);
    assertThat(look("2").reason()).contains("2.sha256 line 1");
    assertThat(look("1").state()).isEqualTo(Versions.State.AVAILABLE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"..", ".", "", "a/b", "/etc", "a\\b", ".hidden", "a\0b"})
  void versions_hostileModelName_isRefused(String model) {
    assertThatThrownBy(() -> repository.versions(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model name");
  }

  @Test
  void fetch_available_copiesEveryFile() throws IOException {
    Path version = TestFiles.write(root, "iris", "1", "assets/labels.txt", "a,b");
    TestFiles.write(root, "iris", "1", "model.onnx", "abc");
    Manifest.write(version);
    Versions.Entry entry = look("1");
    ModelArtifact artifact = repository.fetch("iris", entry, target);
    assertThat(artifact.digest()).isEqualTo(entry.identity());
    assertThat(artifact.label()).isEqualTo("iris v1");
    assertThat(Files.readString(target.resolve("assets/labels.txt"))).isEqualTo("a,b");
    assertThat(StandardCharsets.UTF_8.decode(artifact.read("model.onnx")).toString())
        .isEqualTo("abc");
    Files.writeString(target.resolve("model.onnx"), "abd");
    assertThatThrownBy(() -> artifact.read("model.onnx"))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.VERIFY));
  }

  @Test
  void fetch_changedSinceTheLook_isRefused() throws IOException {
    publish("1", "abc");
    Versions.Entry entry = look("1");
    TestFiles.write(root, "iris", "1", "model.onnx", "abd");
    assertThatThrownBy(() -> repository.fetch("iris", entry, target))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.VERIFY))
        .hasMessageContaining("'model.onnx' changed while it was copied: expected sha256");
  }

  @Test
  void fetch_neverSeen_isRefused() {
    Versions.Entry entry = new Versions.Entry("1", "x", Versions.State.AVAILABLE, "");
    assertThatThrownBy(() -> repository.fetch("iris", entry, target))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.FETCH));
  }
}
