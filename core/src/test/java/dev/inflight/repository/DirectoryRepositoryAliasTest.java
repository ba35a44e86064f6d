package dev.inflight.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files are aliases, and that a bad one affects nothing else. */
class DirectoryRepositoryAliasTest {
  @TempDir Path root;
  private DirectoryRepository repository;

  @BeforeEach
  void publish() throws IOException {
    repository = DirectoryRepository.at(root);
    Manifest.write(TestFiles.write(root, "iris", "1", "model.onnx", "abc"));
    alias("good", "1");
  }

  private Path alias(String name, String content) throws IOException {
    return Files.writeString(root.resolve("iris/@" + name), content);
  }

  /** Whatever else is there, the version is available and the good alias known. */
  private Map<String, String> aliases() throws IOException {
    Versions versions = repository.versions("iris");
    assertThat(versions.entries())
        .extracting(Versions.Entry::version, Versions.Entry::state)
        .containsExactly(tuple("1", Versions.State.AVAILABLE));
    assertThat(versions.aliases()).containsEntry("good", "1");
    return versions.aliases();
  }

  @Test
  void versions_noAliasFile_haveNone() throws IOException {
    Files.delete(root.resolve("iris/@good"));
    assertThat(repository.versions("iris").aliases()).isEmpty();
    assertThat(repository.versions("unknown").aliases()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "2\n", " \t2\r\n\n", "\u2003" + "2"})
  void versions_aliasWithBlanksAround_isTheNumber(String content) throws IOException {
    alias("next", content);
    assertThat(aliases()).containsEntry("next", "2").hasSize(2);
  }

  @Test
  void versions_aliasRewritten_isTheNewNumber() throws IOException {
    alias("next", "1");
    assertThat(aliases()).containsEntry("next", "1");
    alias("next", "999999999999999999");
    assertThat(aliases()).containsEntry("next", "999999999999999999");
    Files.delete(root.resolve("iris/@next"));
    assertThat(aliases()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "\n", "v2", "02", "-2", "2.0", "2 3", "2\n3", "../1", "2\0", "\uFEFF2", "٢"})
  void versions_aliasThatNamesNoVersion_isLeftOut(String content) throws IOException {
    alias("next", content);
    assertThat(aliases()).hasSize(1);
  }

  @Test
  void versions_aliasLength_mayBeSixtyFourBytes() throws IOException {
    alias("longest", "2" + " ".repeat(63));
    alias("longer", "2" + " ".repeat(64));
    assertThat(aliases()).containsEntry("longest", "2").hasSize(2);
  }

  @Test
  void versions_aliasOfBrokenUtf8_isLeftOut() throws IOException {
    Files.write(root.resolve("iris/@next"), new byte[] {'2', (byte) 0xC3});
    assertThat(aliases()).hasSize(1);
  }

  @Test
  void versions_aliasNames_areThoseOfThePattern() throws IOException {
    String longest = "a".repeat(64);
    for (String name : new String[] {longest, longest + "a", "", ".hidden", "ä", "a b", "A_-.9"}) {
      alias(name, "1");
    }
    assertThat(aliases()).containsOnlyKeys("good", longest, "A_-.9");
  }

  @Test
  void versions_aliasThatIsALinkOrADirectory_isLeftOut() throws IOException {
    Files.createSymbolicLink(root.resolve("iris/@link"), root.resolve("iris/@good"));
    Files.createSymbolicLink(root.resolve("iris/@dangling"), root.resolve("iris/@nowhere"));
    Files.createDirectory(root.resolve("iris/@directory"));
    assertThat(aliases()).hasSize(1);
  }

  @Test
  void versions_aliasThatCannotBeRead_isLeftOut() throws IOException {
    Path alias = alias("next", "2");
    Files.setPosixFilePermissions(alias, java.util.Set.of());
    assumeTrue(!Files.isReadable(alias), "root reads everything");
    assertThat(aliases()).hasSize(1);
  }

  @Test
  @Timeout(20)
  @EnabledOnOs(OS.LINUX)
  void versions_aliasThatIsAPipe_isLeftOutWithoutWaiting()
      throws IOException, InterruptedException {
    Process mkfifo = new ProcessBuilder("mkfifo", root.resolve("iris/@pipe").toString()).start();
    assertThat(mkfifo.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(mkfifo.exitValue()).isZero();
    assertThat(aliases()).hasSize(1);
  }

  @Test
  void versions_aliasInUtf16_isLeftOut() throws IOException {
    Files.write(root.resolve("iris/@next"), "2".getBytes(StandardCharsets.UTF_16LE));
    assertThat(aliases()).hasSize(1);
  }
}
