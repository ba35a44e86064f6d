package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelLoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names and limits. */
class StagingTest {
  @TempDir Path room;

  private Staging staging(FetchLimits limits) throws IOException {
    Path target = Files.createDirectories(room.resolve("t"));
    return new Staging("m v1", target, limits, FetchListener.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "..\\a",
        "C:a",
        "%2e%2e/a",
        "a\0b",
        "a\nb",
        "a\u007fb",
        "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"
      })
  void requireInside_ofWhatLeadsElsewhere_refuses(String path) throws IOException {
    Staging staging = staging(FetchLimits.defaults());
    assertThatThrownBy(() -> staging.requireInside(path))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("expected a relative path of at most 16 plain names, got file '");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a b/ü.onnx", ".hidden", "a..b", "...", "weights/0/w-1_2+3@4.bin"})
  void requireInside_ofPlainNames_passes(String path) throws IOException {
    Staging staging = staging(FetchLimits.defaults());
    assertThatCode(() -> staging.requireInside(path)).doesNotThrowAnyException();
  }

  @Test
  void copy_moreThanTheLimits_refuses() throws IOException {
    Path file = Files.write(room.resolve("file"), new byte[100]);
    Staging bytes = staging(FetchLimits.defaults().withBytes(150));
    bytes.copy("a", Expected.nothing(), file);
    assertThatThrownBy(() -> bytes.copy("b", Expected.nothing(), file))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("expected at most 150 bytes, got more at file 'b'");
    Staging files = staging(FetchLimits.defaults().withFiles(1));
    files.copy("c", Expected.nothing(), file);
    assertThatThrownBy(() -> files.copy("d", Expected.nothing(), file))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("expected at most 1 files");
    assertThatThrownBy(() -> files.copy("c", Expected.nothing(), file))
        .isInstanceOf(ModelLoadException.class);
  }

  @Test
  void copy_targetGone_isNotTheFilesFault() throws IOException {
    Path file = Files.write(room.resolve("file"), new byte[100]);
    Staging staging = staging(FetchLimits.defaults());
    Files.delete(room.resolve("t"));
    assertThatThrownBy(() -> staging.copy("a", Expected.nothing(), file))
        .isInstanceOf(IOException.class);
  }

  @Test
  void copy_ofLink_isNotFollowed() throws IOException {
    Path file = Files.write(room.resolve("file"), new byte[100]);
    Path link = Files.createSymbolicLink(room.resolve("link"), file);
    Staging staging = staging(FetchLimits.defaults());
    assertThatThrownBy(() -> staging.copy("a", Expected.nothing(), link))
        .isInstanceOf(IOException.class);
    assertThat(staging.files()).isEmpty();
  }
}
