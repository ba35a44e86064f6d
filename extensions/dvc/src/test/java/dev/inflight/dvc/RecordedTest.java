package dev.inflight.dvc;

import dev.inflight.testkit.FaultyServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * What DVC 3.67.1 and 2.58.2 and GTO 1.10.1 wrote, without them. Recorded by {@code mvn -Pinterop
 * -Dinflight.dvc.record=true}, see {@code src/test/python/README.md}.
 */
class RecordedTest extends RealRepositories {
  @TempDir static Path directory;
  private FaultyServer server;

  static Path file() {
    return Path.of(
        System.getProperty("inflight.root"),
        "extensions/dvc/src/test/resources/recorded/dvc-3.67.1-2.58.2.zip");
  }

  @BeforeAll
  void open() throws Exception {
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file()))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path path = directory.resolve(entry.getName());
        Files.createDirectories(path.getParent());
        Files.copy(zip, path);
      }
    }
    for (String name : new String[] {"v3", "legacy"}) {
      org.eclipse.jgit.api.Git.cloneRepository()
          .setURI(directory.resolve(name + ".bundle").toUri().toString())
          .setDirectory(directory.resolve(name).toFile())
          .setBranch("refs/heads/main")
          .call()
          .close();
    }
    server = serve(directory);
  }

  /** A server of the stores, under the names of directories and of a bucket. */
  static FaultyServer serve(Path directory) throws IOException {
    return FaultyServer.start(
        exchange -> {
          String path = exchange.getRequestURI().getPath().substring(1);
          Path file = directory.resolve(path.replaceFirst("^models/([a-z0-9]+)/", "$1-store/"));
          if (Files.isRegularFile(file)) {
            FaultyServer.send(exchange, Files.readAllBytes(file), Optional.empty());
          } else {
            FaultyServer.answer(exchange, 404, "text/html", "<h1>404</h1>");
          }
        });
  }

  @AfterAll
  void close() {
    server.close();
  }

  @Override
  Path directory() {
    return directory;
  }

  @Override
  URI server() {
    return server.uri();
  }

  @Override
  URI bucket() {
    return server.uri();
  }
}
