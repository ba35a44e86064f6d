package dev.inflight.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.inflight.fetch.Presigner;
import dev.inflight.s3.S3;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A real MLflow server on loopback, from a virtual environment. Ends with this JVM. */
final class RealServer {
  /** What is special about it. */
  enum Kind {
    PLAIN,
    /** Asks for a password. */
    PASSWORD,
    /** Keeps its artifacts in S3 (a server of moto), and neither takes nor hands out any. */
    S3
  }

  static final String USER = "admin";
  static final String PASSWORD = "password1234567";
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Map<String, RealServer> RUNNING = new TreeMap<>();

  private final Path venv;
  private final Path directory;
  private final Kind kind;
  private final URI uri;
  private final Map<String, String> environment = new TreeMap<>();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private JsonNode made;
  private String run = "";

  private RealServer(Path venv, Kind kind) throws Exception {
    this.venv = venv;
    this.kind = kind;
    directory = Files.createTempDirectory("mlflow");
    int port = freePort();
    uri = loopback(port);
    environment.put("MLFLOW_TRACKING_URI", String.valueOf(uri));
    environment.put("MLFLOW_DISABLE_TELEMETRY", "true");
    environment.put("MLFLOW_WEBHOOK_ALLOWED_SCHEMES", "http,https"); // for a receiver on loopback
    environment.put("MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS", "true");
    environment.put("OPENBLAS_NUM_THREADS", "1");
    environment.put("HOME", directory.toString());
    List<String> command =
        new ArrayList<>(
            List.of(
                "bash",
                python().resolve("server.sh").toString(),
                venv.toString(),
                directory.toString(),
                String.valueOf(port)));
    if (kind == Kind.PASSWORD) {
      protect();
      command.addAll(List.of("--app-name", "basic-auth"));
      command.addAll(List.of("--artifacts-destination", directory.resolve("artifacts").toString()));
    } else if (kind == Kind.S3) {
      startStore();
      command.addAll(
          List.of("--no-serve-artifacts", "--default-artifact-root", "s3://my-bucket/a b"));
    }
    start(command, "log", uri.resolve("/health"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  private static URI loopback(int port) {
    return URI.create("http://127.0.0.1:" + port);
  }

  private void protect() throws IOException {
    Path settings = directory.resolve("auth.ini");
    Files.writeString(
        settings,
        "[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///"
            + directory.resolve("auth.db")
            + "\nadmin_username = "
            + USER
            + "\nadmin_password = "
            + PASSWORD
            + "\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n");
    environment.put("MLFLOW_AUTH_CONFIG_PATH", settings.toString());
    environment.put("MLFLOW_TRACKING_USERNAME", USER);
    environment.put("MLFLOW_TRACKING_PASSWORD", PASSWORD);
  }

  private void startStore() throws Exception {
    int port = freePort();
    URI store = loopback(port);
    start(
        List.of(venv.resolve("bin/moto_server").toString(), "-H", "127.0.0.1", "-p", "" + port),
        "store.log",
        store);
    environment.put("MLFLOW_S3_ENDPOINT_URL", String.valueOf(store));
    environment.put("AWS_ACCESS_KEY_ID", "key");
    environment.put("AWS_SECRET_ACCESS_KEY", "secret");
    environment.put("AWS_DEFAULT_REGION", "us-east-1");
    HttpRequest bucket =
        HttpRequest.newBuilder(store.resolve("/my-bucket"))
            .PUT(HttpRequest.BodyPublishers.noBody())
            .build();
    int status = client.send(bucket, HttpResponse.BodyHandlers.discarding()).statusCode();
    if (status != 200) {
      throw new IllegalStateException("bucket: expected status 200, got " + status);
    }
  }

  /** What can sign for its store. */
  Presigner presigner() {
    return S3.fromEnvironment()
        .withEndpoint(URI.create(environment.get("MLFLOW_S3_ENDPOINT_URL")))
        .withRegion("us-east-1")
        .withCredentials("key", "secret");
  }

  private void start(List<String> command, String log, URI health) throws Exception {
    Path file = directory.resolve(log);
    Process process =
        builder(command).redirectErrorStream(true).redirectOutput(file.toFile()).start();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  process.descendants().forEach(ProcessHandle::destroyForcibly);
                  process.destroyForcibly();
                }));
    awaitReady(process, health, file);
  }

  /** The server of a system property's virtual environment, with its models; started once. */
  static synchronized RealServer of(String property, Kind kind) throws Exception {
    String venv = System.getProperty(property, "");
    if (venv.isEmpty()) {
      throw new IllegalStateException(
          "-D" + property + ": expected a virtual environment with mlflow, got none");
    }
    String key = property + kind;
    RealServer server = RUNNING.get(key);
    if (server == null) {
      server = new RealServer(Path.of(venv), kind);
      RUNNING.put(key, server);
    }
    return server;
  }

  private static Path python() {
    return Path.of(System.getProperty("inflight.root"), "extensions/mlflow/src/test/python");
  }

  private ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return builder;
  }

  private void awaitReady(Process process, URI address, Path log) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end && process.isAlive()) {
      try {
        HttpRequest health = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(2)).build();
        if (client.send(health, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
          break;
        }
      }
    }
    throw new IllegalStateException("expected a server, got: " + Files.readString(log));
  }

  /** What the script made; it runs once. */
  synchronized JsonNode made() throws Exception {
    if (made == null) {
      Path tribuo = directory.resolve("tribuo");
      TribuoFlavor.write(
          tribuo,
          Path.of(
              System.getProperty("inflight.root"), "testmodels/tribuo/iris-logistic/model.tribuo"),
          List.of("petal length", "petal width", "sepal length", "sepal width"),
          Map.of("owner", "interop"));
      Process script =
          builder(
                  List.of(
                      venv.resolve("bin/python").toString(),
                      python().resolve("models.py").toString(),
                      tribuo.toString()))
              .redirectError(directory.resolve("script.log").toFile())
              .start();
      String out = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (script.waitFor() != 0) {
        throw new IllegalStateException(
            "models.py: " + Files.readString(directory.resolve("script.log")));
      }
      made =
          Json.read(
              out.lines().filter(line -> line.startsWith("{")).findFirst().orElse(""), "models.py");
    }
    return made;
  }

  URI uri() {
    return uri;
  }

  MlflowRepository repository() {
    return at(uri);
  }

  /** With this server's credentials, at an address that leads to it. */
  MlflowRepository at(URI address) {
    MlflowRepository repository = MlflowRepository.at(address);
    return kind == Kind.PASSWORD ? repository.withCredentials(USER, PASSWORD) : repository;
  }

  /** Where a run's artifacts are in the store; MLflow registers nothing else. */
  private synchronized String runRoot() throws Exception {
    if (run.isEmpty()) {
      String answer = post("runs/create", Map.of("experiment_id", "0"));
      run = Json.read(answer, "create").at("/run/info/run_id").asText();
    }
    return "0/" + run + "/artifacts/";
  }

  /** A file of what was published. */
  Path stored(String folder, String file) throws Exception {
    return directory.resolve("artifacts").resolve(runRoot() + folder).resolve(file);
  }

  /** Uploads files and registers them; returns the version's number. */
  String publish(String model, String folder, Map<String, byte[]> files) throws Exception {
    String root = runRoot() + folder;
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      String path = root + "/" + file.getKey().replace(" ", "%20");
      send("PUT", "/api/2.0/mlflow-artifacts/artifacts/" + path, file.getValue());
    }
    try {
      post("registered-models/create", Map.of("name", model));
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("RESOURCE_ALREADY_EXISTS")) {
        throw e;
      }
    }
    String source = "mlflow-artifacts:/" + root;
    String answer =
        post("model-versions/create", Map.of("name", model, "source", source, "run_id", run));
    return Json.read(answer, "create").at("/model_version/version").asText();
  }

  void tag(String model, String version, String key, String value) throws Exception {
    post(
        "model-versions/set-tag",
        Map.of("name", model, "version", version, "key", key, "value", value));
  }

  void removeModel(String model) throws Exception {
    try {
      send(
          "DELETE",
          "/api/2.0/mlflow/registered-models/delete",
          Json.write(Map.of("name", model)).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("RESOURCE_DOES_NOT_EXIST")) {
        throw e;
      }
    }
  }

  private String post(String call, Map<String, String> body) throws Exception {
    return send(
        "POST", "/api/2.0/mlflow/" + call, Json.write(body).getBytes(StandardCharsets.UTF_8));
  }

  /** Any other call. */
  String send(String method, String path, byte[] body) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(uri + path))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofByteArray(body));
    if (kind == Kind.PASSWORD) {
      request.header("Authorization", Credentials.basic(USER, PASSWORD));
    }
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(
          method + " " + path + ": " + response.statusCode() + " " + response.body());
    }
    return response.body();
  }
}
