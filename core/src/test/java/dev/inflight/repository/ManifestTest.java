package dev.inflight.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The format of sha256sum, and nothing that leaves the version. */
class ManifestTest {
  /** Of {@code abc}: FIPS 180-2, appendix B.1. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir Path root;
  private Path version;

  @BeforeEach
  void makeVersion() throws IOException {
    version = TestFiles.write(root, "iris", "2", "model.onnx", "abc");
  }

  private Manifest read(String text) throws IOException {
    Files.writeString(Manifest.beside(version), text);
    return Manifest.read(version);
  }

  @Test
  void write_version_isReadBackTheSame() throws IOException {
    TestFiles.write(root, "iris", "2", "assets/labels.txt", "a\nb\n");
    Manifest written = Manifest.write(version);
    assertThat(written.files()).containsOnlyKeys("assets/labels.txt", "model.onnx");
    assertThat(written.files()).containsEntry("model.onnx", ABC);
    assertThat(Manifest.read(version).files()).isEqualTo(written.files());
    assertThat(Manifest.beside(version)).isEqualTo(root.resolve("iris/2.sha256")).exists();
    assertThat(Files.readString(Manifest.beside(version))).contains(ABC + "  model.onnx\n");
    try (var files = Files.list(root.resolve("iris"))) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void read_sha256sumFormats_areTheSame() throws IOException {
    assertThat(read(ABC + "  model.onnx\n").files()).containsEntry("model.onnx", ABC);
    assertThat(read(ABC + " *model.onnx\n").files()).containsEntry("model.onnx", ABC);
    assertThat(read(ABC + "  2/model.onnx\n").files()).containsOnlyKeys("model.onnx");
    assertThat(read(ABC + "  ./model.onnx\n").files()).containsOnlyKeys("model.onnx");
    assertThat(read(ABC + "  ./2/model.onnx\n").files()).containsOnlyKeys("model.onnx");
    assertThat(read(ABC.toUpperCase(java.util.Locale.ROOT) + "  a b.txt").files())
        .containsEntry("a b.txt", ABC);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "../1/model.onnx",
        "2/../../x",
        "a/../b",
        "a//b",
        "a/",
        "a/./b",
        "..",
        "C:\\x",
        "C:x",
        "a\\..\\..\\b",
        "2//etc/passwd"
      })
  void read_hostilePath_isRefused(String path) {
    assertThatThrownBy(() -> read(ABC + "  " + path + "\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("line 1")
        .hasMessageContaining("inside the version");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "abc  model.onnx", ABC + "model.onnx", ABC + "  ", "\n"})
  void read_otherFormat_isRefused(String text) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2.sha256");
  }

  @Test
  void read_fileTwice_isRefused() {
    assertThatThrownBy(() -> read(ABC + "  model.onnx\n" + ABC + " *2/model.onnx\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("line 2: 'model.onnx' is there twice");
  }

  @Test
  void read_noManifest_isReported() {
    assertThatThrownBy(() -> Manifest.read(version)).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void read_hugeManifest_isRefused() throws IOException {
    Files.write(Manifest.beside(version), new byte[(4 << 20) + 1]);
    assertThatThrownBy(() -> Manifest.read(version))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected at most");
  }

  @Test
  void write_symbolicLink_isRefused() throws IOException {
    Files.createSymbolicLink(version.resolve("link.txt"), Path.of("/etc/hostname"));
    assertThatThrownBy(() -> Manifest.write(version))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("link.txt");
    assertThat(Manifest.beside(version)).doesNotExist();
  }

  @Test
  void run_versions_writesAndReports() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Manifest.run(new PrintStream(bytes, true, StandardCharsets.UTF_8), version.toString());
    assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("2.sha256: 1 files");
    assertThat(Manifest.beside(version)).exists();
    assertThatThrownBy(() -> Manifest.run(System.out))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected version directories");
  }
}
