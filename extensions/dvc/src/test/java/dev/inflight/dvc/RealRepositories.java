package dev.inflight.dvc;

import static dev.inflight.dvc.Publisher.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.repository.Versions;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code make.py} made: two versions of a file and of a directory. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RealRepositories {
  /** Of DVC's own keys, as {@code make.py} wrote them. */
  enum Kind {
    LOCAL,
    HTTP,
    S3
  }

  /** {@return where {@code v3}, {@code v3-store} and so on are} */
  abstract Path directory();

  /** {@return what serves {@code /v3-store/...}} */
  abstract URI server();

  /** {@return what serves {@code /models/v3/...} as S3 does} */
  abstract URI bucket();

  private Path tree(String name) {
    return directory().resolve(name);
  }

  private static byte[] fraud(int number) {
    byte[] bytes = new byte[1025];
    for (int i = 0; i < 1024; i++) {
      bytes[i] = (byte) i;
    }
    bytes[1024] = (byte) number;
    return bytes;
  }

  private static Map<String, byte[]> tree(int number) {
    byte[] model = new byte[257];
    for (int i = 0; i < 256; i++) {
      model[i] = (byte) (255 - i);
    }
    model[256] = (byte) number;
    Map<String, byte[]> files = new TreeMap<>();
    files.put("model.onnx", model);
    files.put("empty", new byte[0]);
    files.put("sub/labels \u00e9.txt", "yes\r\nno\r\n".getBytes(StandardCharsets.US_ASCII));
    return files;
  }

  private static Map<String, byte[]> files(String artifact, int number) {
    return artifact.equals("fraud") ? Map.of("fraud.onnx", fraud(number)) : tree(number);
  }

  /** As a user chooses another remote than the committed one. */
  private DvcRepository open(String name, Kind kind) throws IOException {
    String store = name + "-store";
    String config =
        switch (kind) {
          case LOCAL -> "['remote \"storage\"']\n    url = " + directory().resolve(store) + "\n";
          case HTTP -> "['remote \"storage\"']\n    url = " + server() + "/" + store + "\n";
          case S3 ->
              "[core]\n    remote = bucket\n['remote \"bucket\"']\n    endpointurl = "
                  + bucket()
                  + "\n";
        };
    Files.writeString(tree(name).resolve(".dvc/config.local"), config);
    return DvcRepository.at(tree(name))
        .withLocalRemotes(directory())
        .withPresigner(this::presigned);
  }

  /** Moto looks whether an address is signed, not by whom. */
  private URI presigned(URI file) {
    return URI.create(
        bucket() + "/" + file.getAuthority() + file.getRawPath() + "?X-Amz-Signature=test");
  }

  private String commit(String name, String version) throws IOException {
    try (Repository git =
        new FileRepositoryBuilder().setWorkTree(tree(name).toFile()).setMustExist(true).build()) {
      return git.resolve("refs/tags/fraud@v" + version + "^{commit}").name();
    }
  }

  private static void assertFetched(
      DvcRepository repository, String version, Map<String, byte[]> files, Path target)
      throws IOException {
    Versions.Entry entry = only(repository);
    assertThat(entry.reason()).isEmpty();
    assertThat(entry.version()).isEqualTo(version);
    Path into = Files.createTempDirectory(target, "fetch");
    assertThat(repository.fetch("any name", entry, into).files().keySet())
        .containsExactlyInAnyOrderElementsOf(files.keySet());
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      assertThat(Arrays.equals(Files.readAllBytes(into.resolve(file.getKey())), file.getValue()))
          .as(file.getKey())
          .isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "v3, fraud, LOCAL", "v3, fraud, HTTP", "v3, fraud, S3",
    "v3, tree, LOCAL", "v3, tree, HTTP", "v3, tree, S3",
    "legacy, fraud, LOCAL", "legacy, fraud, HTTP", "legacy, fraud, S3",
    "legacy, tree, LOCAL", "legacy, tree, HTTP", "legacy, tree, S3",
  })
  void fetch_byTagStageBranchAndCommit_givesTheBytes(
      String name, String artifact, Kind kind, @TempDir Path target) throws IOException {
    DvcRepository base = open(name, kind);
    String first = commit(name, "1.1.0");
    String second = commit(name, "1.2.0");
    assertFetched(base.following(artifact + "@v1.1.0"), "1.1.0", files(artifact, 1), target);
    assertFetched(base.following(artifact + "@latest"), "1.2.0", files(artifact, 2), target);
    assertFetched(base.following(artifact + "#prod"), "1.1.0", files(artifact, 1), target);
    assertFetched(base.following(artifact, "main"), second, files(artifact, 2), target);
    assertFetched(base.following(artifact, first), first, files(artifact, 1), target);
  }

  @ParameterizedTest
  @CsvSource({"v3", "legacy"})
  void versions_ofBothArtifacts_areWhatGtoSays(String name) throws IOException {
    DvcRepository repository = open(name, Kind.LOCAL);
    for (String artifact : new String[] {"fraud", "tree"}) {
      Versions versions = repository.versions(artifact);
      assertThat(versions.entries())
          .extracting(Versions.Entry::version)
          .containsExactly("1.1.0", "1.2.0");
      assertThat(versions.aliases()).isEqualTo(Map.of("dev", "1.2.0", "prod", "1.1.0"));
    }
  }

  @Test
  void identities_ofOtherBytes_areOthers() throws IOException {
    assertThat(open("v3", Kind.LOCAL).versions("tree").entries())
        .extracting(Versions.Entry::identity)
        .doesNotHaveDuplicates();
  }
}
