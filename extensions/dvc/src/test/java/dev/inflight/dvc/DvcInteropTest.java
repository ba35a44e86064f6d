package dev.inflight.dvc;

import dev.inflight.testkit.FaultyServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The real DVC, GTO and moto, from virtual environments: {@code src/test/python/interop.sh}. */
@Tag("interop")
class DvcInteropTest extends RealRepositories {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir static Path room;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private FaultyServer server;
  private Process moto;
  private URI bucket;

  private static Path venv(String property) {
    String venv = System.getProperty(property, "");
    if (venv.isEmpty()) {
      throw new IllegalStateException(
          "-D" + property + ": expected a virtual environment with dvc, got none");
    }
    return Path.of(venv);
  }

  @BeforeAll
  void make() throws Exception {
    Path python = venv("inflight.dvc3").resolve("bin/python");
    startMoto();
    Path log = room.resolve("make.log");
    Process make =
        new ProcessBuilder(
                python.toString(),
                System.getProperty("inflight.root") + "/extensions/dvc/src/test/python/make.py",
                venv("inflight.dvc2").toString(),
                venv("inflight.dvc3").toString(),
                directory().toString(),
                bucket.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (make.waitFor() != 0) {
      throw new IllegalStateException("make.py: " + Files.readString(log));
    }
    upload(directory().resolve("legacy-store"), "legacy");
    if (Boolean.getBoolean("inflight.dvc.record")) {
      Files.copy(
          directory().resolve("recorded.zip"),
          RecordedTest.file(),
          StandardCopyOption.REPLACE_EXISTING);
    }
    server = RecordedTest.serve(directory());
  }

  private void startMoto() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    bucket = URI.create("http://127.0.0.1:" + port);
    String command = venv("inflight.dvc3").resolve("bin/moto_server").toString();
    moto =
        new ProcessBuilder(List.of(command, "-H", "127.0.0.1", "-p", String.valueOf(port)))
            .redirectErrorStream(true)
            .redirectOutput(room.resolve("moto.log").toFile())
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(moto::destroyForcibly));
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        put("/models", HttpRequest.BodyPublishers.noBody());
        return;
      } catch (IOException e) {
        if (System.nanoTime() > end || moto.waitFor(100, TimeUnit.MILLISECONDS)) {
          throw new IllegalStateException(Files.readString(room.resolve("moto.log")), e);
        }
      }
    }
  }

  private void put(String path, HttpRequest.BodyPublisher body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(bucket + path)).PUT(body).timeout(PATIENCE).build();
    int status = client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    if (status != 200) {
      throw new IllegalStateException("moto: expected status 200, got " + status);
    }
  }

  /** As DVC 2 would push it; its plugin for S3 does not install beside Python's newer libraries. */
  private void upload(Path store, String prefix) throws Exception {
    try (Stream<Path> walk = Files.walk(store)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        put(
            "/models/" + prefix + "/" + store.relativize(file),
            HttpRequest.BodyPublishers.ofFile(file));
      }
    }
  }

  @AfterAll
  void stop() {
    if (server != null) {
      server.close();
    }
    moto.destroyForcibly();
  }

  @Override
  Path directory() {
    return room.resolve("made");
  }

  @Override
  URI server() {
    return server.uri();
  }

  @Override
  URI bucket() {
    return bucket;
  }
}
