package dev.inflight.dvc;

import static dev.inflight.dvc.Publisher.only;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelLoadException;
import dev.inflight.fetch.Presigner;
import dev.inflight.repository.Versions;
import dev.inflight.testkit.FaultyServer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which remotes are read, and who gets which credentials. */
class RemotesTest {
  private static final byte[] BYTES = "a model".getBytes(StandardCharsets.UTF_8);
  private static final String MODEL = "fraud";

  @TempDir Path home;
  @TempDir Path target;
  private Publisher publisher;
  private GitServer server;

  @BeforeEach
  void create() throws IOException {
    publisher = new Publisher(home);
    server = new GitServer(publisher);
    publisher.artifact(MODEL, "model.onnx").addFile("model.onnx", BYTES);
  }

  @AfterEach
  void close() {
    server.close();
    publisher.close();
  }

  private void fetch(DvcRepository repository) throws IOException {
    DvcRepository head = repository.following(MODEL, "main");
    Path into = Files.createTempDirectory(target, "fetch");
    head.fetch(MODEL, only(head), into);
    assertThat(into.resolve("model.onnx")).hasBinaryContent(BYTES);
  }

  /** A store that has nothing, and notes what it is told. */
  private static FaultyServer emptyStore(List<String> seen) throws IOException {
    return FaultyServer.start(
        exchange -> {
          seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          FaultyServer.answer(exchange, 404, "text/plain", "no");
        });
  }

  private DvcRepository local() {
    return DvcRepository.at(publisher.directory()).withLocalRemotes(publisher.store());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ssh://host/path|expected a path, http, https or s3, got scheme 'ssh'",
        "gs://bucket/path|got scheme 'gs'",
        "azure://container/path|got scheme 'azure'",
        "remote://other/path|got scheme 'remote'",
        "s3://bucket/path|expected withPresigner for s3",
        "../store|got a path relative to a working tree",
        "https:///nohost|expected a url with a host",
        "http://h/a?sig=secret|no query",
      })
  void fetch_remoteWeDoNotRead_saysWhatIsExpected(String url, String message) throws IOException {
    publisher.remote(url).commit();
    assertThatThrownBy(() -> fetch(local()))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("remote 'storage'")
        .hasMessageContaining(message)
        .hasMessageNotContaining("secret");
  }

  @Test
  void fetch_noDefaultRemote_saysWhichThereAre() throws IOException {
    publisher.write(".dvc/config", "['remote \"a\"']\n    url = /x\n").commit();
    assertThatThrownBy(() -> fetch(local()))
        .hasMessageContaining(
            "expected a default remote (dvc remote default) in .dvc/config, got [a]");
  }

  @Test
  void fetch_versionAwareRemote_isRefused() throws IOException {
    publisher.remote(server.store() + "\n    version_aware = true").commit();
    assertThatThrownBy(() -> fetch(local())).hasMessageContaining("got version_aware");
  }

  @Test
  void fetch_remoteOfTheOutput_isUsedInsteadOfTheDefault() throws IOException {
    publisher.write(
        ".dvc/config",
        "[core]\n    remote = wrong\n['remote \"wrong\"']\n    url = ssh://x/y\n['remote \"Right\"']\n    url = "
            + publisher.store()
            + "\n");
    publisher.write(
        "model.onnx.dvc",
        "outs:\n- md5: "
            + Publisher.md5(BYTES)
            + "\n  hash: md5\n  remote: Right\n  path: model.onnx\n");
    publisher.commit();
    fetch(local());
  }

  @Test
  void fetch_directoryNotAllowed_isNotRead() throws IOException {
    publisher.remote(publisher.store().toString()).commit();
    Path other = Files.createDirectories(home.resolve("other"));
    DvcRepository none = DvcRepository.at(publisher.directory());
    assertThatThrownBy(() -> fetch(none))
        .hasMessageContaining("expected withLocalRemotes for a directory");
    assertThatThrownBy(() -> fetch(none.withLocalRemotes(other)))
        .hasMessageContaining("expected a directory below the one of withLocalRemotes");
    Files.createSymbolicLink(other.resolve("link"), publisher.store());
    publisher.remote(other.resolve("link").toString()).commit();
    assertThatThrownBy(() -> fetch(none.withLocalRemotes(other)))
        .hasMessageContaining("expected a directory below the one of withLocalRemotes");
    assertThat(target).isDirectoryNotContaining("glob:**model.onnx");
  }

  @Test
  void fetch_overHttp_sendsCredentialsToTheirServerOnly() throws IOException {
    List<String> seen = new CopyOnWriteArrayList<>();
    try (FaultyServer elsewhere = emptyStore(seen)) {
      publisher.remote(elsewhere.uri() + "/store").commit();
      assertThatThrownBy(() -> fetch(server.repository()))
          .hasMessageContaining("object missing in remote 'storage'");
      assertThat(seen).containsExactly("null");
    }
    publisher.remote(server.store()).commit();
    fetch(server.repository());
  }

  @Test
  void fetch_customHeader_isSent() throws IOException {
    List<String> seen = new CopyOnWriteArrayList<>();
    try (FaultyServer custom =
        FaultyServer.start(
            exchange -> {
              seen.add(String.valueOf(exchange.getRequestHeaders().getFirst("X-Token")));
              FaultyServer.answer(exchange, 401, "text/plain", "you sent t0psecret");
            })) {
      publisher.remote(custom.uri() + "/store").commit();
      DvcRepository repository = local().withRemoteHeader(custom.uri(), "X-Token", "t0psecret");
      assertThatThrownBy(() -> fetch(repository))
          .hasMessageContaining("got 401")
          .hasMessageNotContaining("t0psecret");
      assertThat(seen).containsExactly("t0psecret");
    }
  }

  /** Clones with a working tree, as a user does. */
  private Path checkout() throws GitAPIException {
    Path tree = home.resolve("tree");
    org.eclipse.jgit.api.Git.cloneRepository()
        .setURI(publisher.directory().toUri().toString())
        .setDirectory(tree.toFile())
        .setBranch("refs/heads/main")
        .call()
        .close();
    return tree;
  }

  @Test
  void fetch_workingTree_usesItsConfigurationAndItsRelativePaths() throws Exception {
    publisher.remote("../../store").commit();
    Path tree = checkout();
    fetch(DvcRepository.at(tree).withLocalRemotes(publisher.store()));
  }

  @Test
  void fetch_workingTree_usesItsCacheFirst() throws Exception {
    publisher.remote("ssh://never/asked").commit();
    Path cache = checkout().resolve(".dvc/cache/files/md5");
    String md5 = Publisher.md5(BYTES);
    Path object = cache.resolve(md5.substring(0, 2)).resolve(md5.substring(2));
    Files.createDirectories(object.getParent());
    Files.write(object, BYTES);
    fetch(DvcRepository.at(home.resolve("tree")));
    Files.writeString(object, "b model");
    assertThatThrownBy(() -> fetch(DvcRepository.at(home.resolve("tree"))))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("expected md5 " + md5);
  }

  @Test
  void fetch_credentialsOfTheWorkingTree_goToTheServerThatItNames() throws Exception {
    publisher.remote(server.store()).commit();
    Path tree = checkout();
    Files.writeString(
        tree.resolve(".dvc/config.local"),
        "['remote \"storage\"']\n    auth = basic\n    user = reader\n    password = "
            + GitServer.PASSWORD
            + "\n");
    fetch(DvcRepository.at(tree));
    // A commit that names another server gets nothing out of that.
    List<String> seen = new CopyOnWriteArrayList<>();
    try (FaultyServer elsewhere = emptyStore(seen)) {
      publisher.remote(elsewhere.uri() + "/store").commit();
      try (org.eclipse.jgit.api.Git git = org.eclipse.jgit.api.Git.open(tree.toFile())) {
        git.fetch().call();
      }
      DvcRepository repository = DvcRepository.at(tree).following(MODEL, publisher.head());
      assertThatThrownBy(() -> repository.fetch(MODEL, only(repository), home))
          .hasMessageContaining("object missing");
      assertThat(seen).containsExactly("null");
    }
  }

  @Test
  void fetch_bucket_isReadAtTheAddressesOfThePresigner() throws IOException {
    publisher.remote("s3://bu_cket/pre fix/\n    endpointurl = " + server.uri()).commit();
    List<URI> asked = new CopyOnWriteArrayList<>();
    Presigner presigner =
        file -> {
          asked.add(file);
          String object = file.getPath().substring("/pre fix/".length());
          return URI.create(server.store() + "/" + object + "?signature=secret");
        };
    fetch(server.repository().withPresigner(presigner));
    assertThat(asked)
        .singleElement()
        .satisfies(
            uri -> {
              assertThat(uri.getAuthority()).isEqualTo("bu_cket");
              assertThat(uri.getRawPath()).startsWith("/pre%20fix/files/md5/");
            });
  }

  @Test
  void fetch_bucketAtAnotherEndpoint_isRefused() throws IOException {
    publisher.remote("s3://bucket/prefix\n    endpointurl = https://minio:9000").commit();
    Presigner presigner = file -> URI.create(server.store() + "/x?signature=secret");
    assertThatThrownBy(() -> fetch(server.repository().withPresigner(presigner)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected addresses at its endpoint minio:9000")
        .hasMessageNotContaining("secret");
  }

  @Test
  void fetch_import_isReadWhereTheOtherRepositoryHasIt(@TempDir Path other) throws IOException {
    publisher.remote(server.store()).commit();
    String imported =
        "deps:\n- path: model.onnx\n  repo:\n    url: %s\n    rev_lock: %s\nouts:\n- md5: %s\n  hash: md5\n  size: 7\n  path: renamed.onnx\n";
    try (Publisher importer = new Publisher(other)) {
      importer
          .remote("ssh://never/asked")
          .artifact(MODEL, "renamed.onnx")
          .write(
              "renamed.onnx.dvc",
              imported.formatted(server.git(), publisher.head(), Publisher.md5(BYTES)))
          .commit();
      try (GitServer importing = new GitServer(importer)) {
        DvcRepository repository =
            DvcRepository.at(importing.git())
                .withCredentials(GitServer.USER, GitServer.PASSWORD)
                .following(MODEL, "main");
        // Another server does not get the credentials of the first one.
        assertThatThrownBy(() -> repository.fetch(MODEL, only(repository), target))
            .isInstanceOf(IOException.class)
            .hasMessageContaining(server.git());
      }
      importer.write(
          "renamed.onnx.dvc",
          imported.formatted("git@host:x.git", publisher.head(), Publisher.md5(BYTES)));
      importer.commit();
      DvcRepository unreachable = DvcRepository.at(importer.directory()).following(MODEL, "main");
      assertThatThrownBy(() -> unreachable.fetch(MODEL, only(unreachable), target))
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContaining("expected an import from an http or https address");
    }
  }

  @Test
  void fetch_importFromTheSameServer_isFollowed() throws IOException {
    publisher.remote(server.store());
    String origin = publisher.commit();
    publisher
        .remote("ssh://never/asked")
        .artifact(MODEL, "renamed.onnx")
        .remove("model.onnx.dvc")
        .write(
            "renamed.onnx.dvc",
            "deps:\n- path: model.onnx\n  repo:\n    url: %s\n    rev_lock: %s\nouts:\n- md5: %s\n  hash: md5\n  size: 7\n  path: renamed.onnx\n"
                .formatted(server.git(), origin, Publisher.md5(BYTES)))
        .commit();
    DvcRepository head = server.repository().following(MODEL, "main");
    Versions.Entry entry = only(head);
    assertThat(head.fetch(MODEL, entry, target).files()).containsOnlyKeys("renamed.onnx");
  }
}
