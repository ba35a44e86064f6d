package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelArtifact;
import dev.inflight.files.OwnerOnly;
import dev.inflight.files.SealedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The copy of the version that worked last is its bytes, or is not offered. */
class HomeCopyTest extends HomeFixture {
  private Home home;
  private ModelArtifact first;

  private void keepFirst() throws IOException {
    home = open();
    first = artifact("1");
    home.keep(first, directory("1"));
    home.remember(Memory.NONE.withLastGood(good(first)));
  }

  private Path copy(String file) {
    return inside("versions").resolve(first.digest()).resolve(file);
  }

  private void expectNoneAndOneWarning(String... parts) throws Exception {
    assertThat(warning(home::lastGood)).isEmpty();
    assertThat(warnings())
        .singleElement()
        .asString()
        .contains("home of iris: the copy of v1 is of no use: ")
        .contains(parts);
  }

  private static String text(ModelArtifact artifact, String file) {
    return StandardCharsets.UTF_8.decode(artifact.read(file)).toString();
  }

  @Test
  void lastGood_afterARestart_hasTheBytes() throws Exception {
    keepFirst();
    OwnerOnly.delete(source);
    ModelArtifact back = warning(() -> reopen().lastGood()).orElseThrow();
    assertThat(warnings()).isEmpty();
    assertThat(back.label()).isEqualTo("iris v1");
    assertThat(back.digest()).isEqualTo(first.digest());
    assertThat(back.files()).isEqualTo(first.files());
    assertThat(text(back, "model.onnx")).isEqualTo("model 1");
    assertThat(text(back, "assets/labels.txt")).isEqualTo("a,b");
  }

  @Test
  void lastGood_changedByte_namesFileExpectedAndGot() throws Exception {
    keepFirst();
    Files.writeString(copy("files/model.onnx"), "model 2");
    expectNoneAndOneWarning(
        "file 'model.onnx': expected sha256 " + first.files().get("model.onnx") + ", got ");
    home.keep(first, directory("1"));
    assertThat(warning(home::lastGood)).isPresent();
    assertThat(warnings()).isEmpty();
  }

  @Test
  void lastGood_missingFile_isNamed() throws Exception {
    keepFirst();
    Files.delete(copy("files/assets/labels.txt"));
    expectNoneAndOneWarning("file 'assets/labels.txt': expected sha256 ", "got no file");
  }

  @ParameterizedTest
  @ValueSource(strings = {"files/extra.txt", "files/assets/extra.txt", "extra.txt"})
  void lastGood_extraFile_isNamed(String extra) throws Exception {
    keepFirst();
    Files.writeString(copy(extra), "x");
    expectNoneAndOneWarning("extra.txt': expected none, got ");
  }

  @Test
  void lastGood_linkToTheSameBytes_isRefused() throws Exception {
    keepFirst();
    Files.delete(copy("files/model.onnx"));
    Files.createSymbolicLink(copy("files/model.onnx"), directory("1").resolve("model.onnx"));
    expectNoneAndOneWarning("file 'model.onnx'", "got a link or special file");
  }

  @Test
  void lastGood_otherContents_areRefused() throws Exception {
    keepFirst();
    Files.writeString(copy("contents"), "nonsense");
    expectNoneAndOneWarning("expected at least 72 bytes, got 8");
    SealedFile.write(
        copy(""), "contents", "inflight contents 1", List.of(List.of("a", "0".repeat(64))));
    expectNoneAndOneWarning("contents: expected digest " + first.digest());
    SealedFile.write(copy(""), "contents", "inflight contents 1", List.of(List.of("a")));
    expectNoneAndOneWarning("contents: expected path and sha256, got [a]");
  }

  @Test
  void lastGood_noCopy_isNone() throws Exception {
    keepFirst();
    OwnerOnly.delete(copy(""));
    expectNoneAndOneWarning("NoSuchFileException");
  }

  @Test
  void keep_next_leavesTheOldUntilTheNextIsRemembered() throws IOException {
    keepFirst();
    ModelArtifact second = artifact("2");
    home.keep(second, directory("2"));
    home.remember(home.memory().withAttempts("x", 1)); // something else, in between
    assertThat(inside("versions")).isDirectoryContaining(p -> p.endsWith(first.digest()));
    home = reopen();
    assertThat(home.lastGood()).hasValueSatisfying(a -> assertThat(a.version()).isEqualTo("1"));
    home.keep(second, directory("2"));
    home.remember(home.memory().withLastGood(good(second)));
    assertThat(home.lastGood()).hasValueSatisfying(a -> assertThat(a.version()).isEqualTo("2"));
    assertThat(left())
        .filteredOn(path -> path.matches("versions/[^/]*"))
        .containsExactly("versions/" + second.digest());
  }

  @Test
  void keep_changedSource_failsAndLeavesNothing() throws IOException {
    keepFirst();
    List<String> before = left();
    ModelArtifact second = artifact("2");
    Files.writeString(directory("2").resolve("model.onnx"), "other");
    assertThatThrownBy(() -> home.keep(second, directory("2")))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(
            "home of iris: expected to keep iris v2 in " + inside("") + ", got ")
        .hasMessageContaining(
            "iris v2: file 'model.onnx' changed before it was kept: expected sha256 ");
    Files.delete(directory("2").resolve("model.onnx"));
    assertThatThrownBy(() -> home.keep(second, directory("2"))).isInstanceOf(IOException.class);
    assertThat(left()).isEqualTo(before);
    assertThat(home.lastGood()).isPresent();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../outside", "/tmp/inflight-outside", "a/../../outside", "", "."})
  void keep_pathThatLeavesTheVersion_isRefused(String path) throws IOException {
    home = open();
    Files.writeString(source.resolve("outside"), "x");
    ModelArtifact hostile =
        ModelArtifact.of("iris", "1", directory("1"), Map.of(path, "0".repeat(64)));
    assertThatThrownBy(() -> home.keep(hostile, directory("1")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a path inside the version");
    assertThat(left()).isEmpty();
  }

  @Test
  void keep_oddNames_comeBack() throws IOException {
    home = open();
    Path directory = Files.createDirectories(directory("1").resolve("files"));
    for (String name : new String[] {"contents", "a:b", "two\nlines", " é\t", "files"}) {
      Files.writeString(directory.resolve(name), name);
    }
    ModelArtifact odd = ModelArtifact.of("iris", "1", directory("1"));
    home.keep(odd, directory("1"));
    home.remember(Memory.NONE.withLastGood(good(odd)));
    assertThat(reopen().lastGood().orElseThrow().files()).isEqualTo(odd.files());
  }

  @Test
  void open_halfACopyOfACrash_isRemoved() throws IOException {
    keepFirst();
    closeAll();
    Path draft = OwnerOnly.temporary(inside("versions"));
    Files.createDirectories(draft.resolve("files/assets"));
    Files.writeString(draft.resolve("files/assets/labels.txt"), "a");
    assertThat(open().lastGood()).isPresent();
    assertThat(draft).doesNotExist();
  }
}
