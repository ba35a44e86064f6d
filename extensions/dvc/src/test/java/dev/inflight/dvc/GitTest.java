package dev.inflight.dvc;

import static dev.inflight.dvc.Publisher.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.repository.Versions;
import dev.inflight.testkit.FaultyServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is asked of a Git server, and what one can make us do. */
class GitTest {
  private static final byte[] BYTES = "a model".getBytes(StandardCharsets.UTF_8);
  private static final String MODEL = "fraud";

  /** Packets of half a kB: more than is read, though they are small on their way. */
  private static final int ENDLESS = 100_000;

  @TempDir Path home;
  @TempDir Path target;
  private Publisher publisher;
  private GitServer server;

  @BeforeEach
  void create() throws IOException {
    publisher = new Publisher(home);
    server = new GitServer(publisher);
    publisher.remote(server.store()).artifact(MODEL, "model.onnx").addFile("model.onnx", BYTES);
  }

  @AfterEach
  void close() {
    server.close();
    publisher.close();
  }

  private static long bytes(Path directory) throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      return walk.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @Test
  void poll_nothingNew_asksForNamesOnly() throws IOException {
    publisher.commit();
    publisher.tag(MODEL + "@v1.0.0");
    DvcRepository repository = server.repository();
    Versions first = repository.versions(MODEL);
    int before = server.requests().size();
    assertThat(repository.versions(MODEL)).isEqualTo(first);
    assertThat(server.requests().subList(before, server.requests().size()))
        .containsExactly("/models.git/info/refs", "/models.git/git-upload-pack");
  }

  @Test
  void clone_ofALongHistory_hasTheTaggedCommitsOnly() throws IOException {
    byte[] large = new byte[1 << 20];
    for (int i = 0; i < 4; i++) {
      new Random(i).nextBytes(large);
      publisher.write("notebook.bin", large.clone()).commit();
    }
    publisher.write("notebook.bin", "small").commit();
    publisher.tag(MODEL + "@v1.0.0");
    publisher.write("README", "words").commit();
    publisher.tag(MODEL + "@v1.0.1");
    Path clone = home.resolve("clone");
    DvcRepository repository = server.repository().withClone(clone);
    assertThat(repository.versions(MODEL).entries()).hasSize(2);
    assertThat(bytes(clone)).isLessThan(1 << 20);
    repository.fetch(MODEL, repository.versions(MODEL).entries().get(1), target);
  }

  @Test
  void clone_keptOverARestart_isUsedAgain() throws IOException {
    publisher.commit();
    publisher.tag(MODEL + "@v1.0.0");
    Path clone = home.resolve("clone");
    Versions first = server.repository().withClone(clone).versions(MODEL);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(clone)))
        .isEqualTo("rwx------");
    int before = server.requests().size();
    assertThat(server.repository().withClone(clone).versions(MODEL)).isEqualTo(first);
    assertThat(server.requests()).hasSize(before + 2);
    publisher.write("README", "words").commit();
    publisher.tag(MODEL + "@v1.1.0");
    assertThat(server.repository().withClone(clone).versions(MODEL).entries()).hasSize(2);
  }

  @Test
  void versions_tagForcedToAnotherCommit_areOfThatOne() throws IOException {
    publisher.commit();
    publisher.tag(MODEL + "@v1.0.0");
    DvcRepository repository = server.repository();
    String before = repository.versions(MODEL).entries().get(0).identity();
    publisher.addFile("model.onnx", "b model".getBytes(StandardCharsets.UTF_8)).commit();
    publisher.tag(MODEL + "@v1.0.0");
    assertThat(repository.versions(MODEL).entries())
        .singleElement()
        .satisfies(entry -> assertThat(entry.identity()).isNotEqualTo(before));
  }

  @Test
  void following_branchOverHttp_movesWithIt() throws IOException {
    String first = publisher.commit();
    DvcRepository repository = server.repository().following(MODEL, "main");
    Versions.Entry entry = only(repository);
    assertThat(entry.version()).isEqualTo(first);
    String second = publisher.write("README", "words").commit();
    assertThat(only(repository).version()).isEqualTo(second);
    assertThat(only(repository).identity()).isEqualTo(entry.identity());
    assertThat(only(server.repository().following(MODEL, first)).version()).isEqualTo(first);
    repository.fetch(MODEL, entry, target);
    assertThat(target.resolve("model.onnx")).hasBinaryContent(BYTES);
  }

  @Test
  void poll_redirected_isRefused() throws IOException {
    try (FaultyServer elsewhere =
        FaultyServer.start(
            exchange -> {
              exchange.getResponseHeaders().set("Location", server.git() + "/info/refs");
              exchange.sendResponseHeaders(302, -1);
            })) {
      DvcRepository repository =
          DvcRepository.at(elsewhere.uri() + "/models.git")
              .withCredentials(GitServer.USER, GitServer.PASSWORD);
      assertThatThrownBy(() -> repository.versions(MODEL))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("expected no redirect, got status 302");
      assertThat(server.requests()).isEmpty();
    }
  }

  @Test
  void poll_ofEndlessNames_ends() throws IOException {
    try (FaultyServer endless =
        FaultyServer.start(
            exchange -> {
              exchange
                  .getResponseHeaders()
                  .set("Content-Type", "application/x-git-upload-pack-advertisement");
              exchange.getResponseHeaders().set("Content-Encoding", "gzip");
              exchange.sendResponseHeaders(200, 0);
              try (var out = new GZIPOutputStream(exchange.getResponseBody())) {
                out.write(packet("# service=git-upload-pack\n"));
                out.write("0000".getBytes(StandardCharsets.UTF_8));
                out.write(packet("a".repeat(40) + " refs/heads/main\0side-band-64k\n"));
                for (int i = 0; i < ENDLESS; i++) {
                  out.write(packet("a".repeat(40) + " refs/tags/" + i + "x".repeat(500) + "\n"));
                }
              }
            })) {
      assertThatThrownBy(() -> DvcRepository.at(endless.uri() + "/m.git").versions(MODEL))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("expected at most");
    }
  }

  private static byte[] packet(String line) {
    return "%04x%s".formatted(line.length() + 4, line).getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void versions_ofAFileAddress_areFetched() throws IOException {
    publisher.commit();
    publisher.tag(MODEL + "@v1.0.0").tag(MODEL + "#prod");
    DvcRepository repository =
        DvcRepository.at(publisher.directory().toUri())
            .withRemoteCredentials(server.uri(), GitServer.USER, GitServer.PASSWORD);
    Versions versions = repository.versions(MODEL);
    assertThat(versions.aliases()).containsEntry("prod", "1.0.0");
    repository.fetch(MODEL, versions.entries().get(0), target);
    assertThat(target.resolve("model.onnx")).hasBinaryContent(BYTES);
  }

  @Test
  void at_directoryWithoutGit_saysSo() {
    assertThatThrownBy(() -> DvcRepository.at(home.resolve("none")).versions(MODEL))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Git repository " + home.resolve("none"));
  }

  @Test
  void versions_ofADirectory_leaveItAsItIs() throws IOException {
    publisher.commit();
    publisher.tag(MODEL + "@v1.0.0");
    try (Stream<Path> before = Files.walk(publisher.directory())) {
      var listing = before.toList();
      DvcRepository.at(publisher.directory()).versions(MODEL);
      try (Stream<Path> after = Files.walk(publisher.directory())) {
        assertThat(after.toList()).isEqualTo(listing);
      }
    }
  }
}
