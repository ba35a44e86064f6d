package dev.inflight.mlflow;

import com.sun.net.httpserver.HttpExchange;
import dev.inflight.testkit.Damage;
import dev.inflight.testkit.FaultyServer;
import dev.inflight.testkit.Outage;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * A tracking server with one registered model, which answers as the recorded ones do and fails when
 * told to.
 */
final class FakeMlflow implements AutoCloseable {
  static final String USER = "reader";
  static final String PASSWORD = "hunter2-is-secret";
  private static final int PAGE = 2;

  private final String model;
  private final Map<Integer, Map<String, byte[]>> versions = new ConcurrentSkipListMap<>();
  private final Map<Integer, Map<String, String>> tags = new ConcurrentHashMap<>();
  private final Map<Integer, String> stores = new ConcurrentHashMap<>();
  private final Map<String, String> roots = new ConcurrentHashMap<>();
  private final Map<String, Integer> aliases = new ConcurrentHashMap<>();
  private final Map<String, Damage> damages = new ConcurrentHashMap<>();
  private final FaultyServer server;

  FakeMlflow(String model) throws IOException {
    this.model = model;
    server = FaultyServer.start(this::handle);
  }

  URI uri() {
    return server.uri();
  }

  /** Every path that was asked for. */
  List<String> requests() {
    return server.requests();
  }

  int publish(Map<String, byte[]> files) {
    int version = versions.keySet().stream().mapToInt(v -> v).max().orElse(0) + 1;
    versions.put(version, new TreeMap<>(files));
    return version;
  }

  void tag(int version, String key, String value) {
    tags.computeIfAbsent(version, v -> new ConcurrentHashMap<>()).put(key, value);
  }

  /** Its files are elsewhere. */
  void store(int version, String address) {
    stores.put(version, address);
  }

  /** It belongs to run {@code run-<version>}, under {@code model}, in a store elsewhere. */
  void run(int version, String root) {
    roots.put("run-" + version, root);
    stores.put(version, root + "/model");
  }

  void withdraw(int version) {
    versions.remove(version);
  }

  void alias(String alias, Integer version) {
    if (version == null) {
      aliases.remove(alias);
    } else {
      aliases.put(alias, version);
    }
  }

  void damage(int version, String file, Damage damage) {
    if (damage == null) {
      damages.remove(version + "/" + file);
    } else {
      damages.put(version + "/" + file, damage);
    }
  }

  void fail(Outage next) throws IOException {
    server.fail(next);
  }

  void recover() throws IOException {
    server.recover();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String given = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    if (given.equals(Credentials.basic(USER, PASSWORD))) {
      route(exchange);
    } else {
      FaultyServer.answer(exchange, 401, "text/plain", "You are not authenticated.");
    }
  }

  private static String error(String code, String message) {
    return "{\"error_code\": \"" + code + "\", \"message\": \"" + message + "\"}";
  }

  private static Map<String, String> query(URI uri) {
    Map<String, String> query = new HashMap<>();
    for (String pair : Objects.requireNonNullElse(uri.getRawQuery(), "").split("&", -1)) {
      int at = pair.indexOf('=');
      if (at > 0) {
        query.put(
            pair.substring(0, at),
            URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
      }
    }
    return query;
  }

  private void route(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    Map<String, String> query = query(exchange.getRequestURI());
    String files = "/api/2.0/mlflow-artifacts/artifacts";
    if (path.equals(files)) {
      json(exchange, Map.of("files", list(query.getOrDefault("path", ""))));
    } else if (path.startsWith(files + "/")) {
      file(exchange, path.substring(files.length() + 1));
    } else if (path.startsWith("/api/2.0/mlflow/")) {
      call(exchange, path.substring("/api/2.0/mlflow/".length()), query);
    } else {
      FaultyServer.answer(
          exchange, 404, "text/html", "<!doctype html><title>404 Not Found</title>");
    }
  }

  private void call(HttpExchange exchange, String call, Map<String, String> query)
      throws IOException {
    boolean known = model.equals(query.get("name"));
    int version = Integer.parseInt(query.getOrDefault("version", "0"));
    switch (call) {
      case "registered-models/get" -> {
        if (known) {
          List<Map<String, Object>> all = new ArrayList<>();
          aliases.forEach((a, v) -> all.add(Map.of("alias", a, "version", String.valueOf(v))));
          json(exchange, Map.of("registered_model", Map.of("name", model, "aliases", all)));
        } else {
          missing(exchange);
        }
      }
      case "registered-models/alias" -> {
        Integer aliased = aliases.get(query.get("alias"));
        if (aliased == null) {
          String message = "Registered model alias " + query.get("alias") + " not found.";
          FaultyServer.answer(
              exchange, 400, "application/json", error("INVALID_PARAMETER_VALUE", message));
        } else {
          json(exchange, Map.of("model_version", version(aliased)));
        }
      }
      case "model-versions/search" -> search(exchange, query);
      case "model-versions/get", "model-versions/get-download-uri" -> {
        if (!known || !versions.containsKey(version)) {
          missing(exchange);
        } else if (call.endsWith("uri")) {
          String store = stores.getOrDefault(version, "mlflow-artifacts:/models/" + version);
          json(exchange, Map.of("artifact_uri", store));
        } else {
          json(exchange, Map.of("model_version", version(version)));
        }
      }
      case "runs/get" -> {
        String root = roots.get(query.get("run_id"));
        if (root == null) {
          missing(exchange);
        } else {
          json(exchange, Map.of("run", Map.of("info", Map.of("artifact_uri", root))));
        }
      }
      case "artifacts/list" -> {
        String number = query.get("run_id").substring("run-".length());
        String directory = query.get("path"); // model, or below it
        List<Map<String, Object>> items = new ArrayList<>();
        for (Map<String, Object> item : list("models/" + number + directory.substring(5))) {
          Map<String, Object> named = new LinkedHashMap<>(item);
          named.put("path", directory + "/" + item.get("path"));
          items.add(named);
        }
        json(exchange, Map.of("files", items));
      }
      default -> FaultyServer.answer(exchange, 404, "text/html", "<title>404 Not Found</title>");
    }
  }

  private static void missing(HttpExchange exchange) throws IOException {
    FaultyServer.answer(
        exchange, 404, "application/json", error("RESOURCE_DOES_NOT_EXIST", "no such thing here"));
  }

  private void search(HttpExchange exchange, Map<String, String> query) throws IOException {
    int from = Integer.parseInt(query.getOrDefault("page_token", "0"));
    List<Map<String, Object>> all = new ArrayList<>();
    if (query.getOrDefault("filter", "").equals("name='" + model + "'")) {
      versions.keySet().forEach(v -> all.add(version(v)));
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("model_versions", all.subList(from, Math.min(all.size(), from + PAGE)));
    if (from + PAGE < all.size()) {
      answer.put("next_page_token", String.valueOf(from + PAGE));
    }
    json(exchange, answer);
  }

  private Map<String, Object> version(int version) {
    List<Map<String, Object>> pairs = new ArrayList<>();
    tags.getOrDefault(version, Map.of())
        .forEach((key, value) -> pairs.add(Map.of("key", key, "value", value)));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", model);
    fields.put("version", String.valueOf(version));
    fields.put("creation_timestamp", 1_795_417_612_000L + version);
    fields.put("source", "mlflow-artifacts:/models/" + version);
    fields.put("run_id", roots.containsKey("run-" + version) ? "run-" + version : "");
    fields.put("status", "READY");
    fields.put("tags", pairs);
    return fields;
  }

  private List<Map<String, Object>> list(String directory) {
    String[] parts = directory.split("/", 3);
    Map<String, byte[]> files =
        parts.length < 2 || !parts[0].equals("models")
            ? Map.of()
            : versions.getOrDefault(Integer.parseInt(parts[1]), Map.of());
    String prefix = parts.length < 3 ? "" : parts[2] + "/";
    List<Map<String, Object>> items = new ArrayList<>();
    TreeSet<String> directories = new TreeSet<>();
    files.forEach(
        (path, bytes) -> {
          if (!path.startsWith(prefix)) {
            return;
          }
          String name = path.substring(prefix.length());
          boolean hostile = name.startsWith("../") || name.startsWith("/") || name.contains("/../");
          int slash = hostile ? -1 : name.indexOf('/');
          if (slash > 0) {
            directories.add(name.substring(0, slash));
          } else {
            items.add(Map.of("path", name, "is_dir", false, "file_size", bytes.length));
          }
        });
    directories.forEach(name -> items.add(Map.of("path", name, "is_dir", true)));
    return items;
  }

  private void file(HttpExchange exchange, String path) throws IOException {
    String[] parts = path.split("/", 3);
    byte[] bytes = versions.getOrDefault(Integer.parseInt(parts[1]), Map.of()).get(parts[2]);
    Damage damage = damages.get(parts[1] + "/" + parts[2]);
    if (bytes == null || damage == Damage.GONE) {
      FaultyServer.answer(
          exchange, 500, "application/json", error("INTERNAL_ERROR", "Internal server error"));
      return;
    }
    FaultyServer.send(exchange, bytes, Optional.ofNullable(damage)); // chunked, as MLflow does
  }

  private static void json(HttpExchange exchange, Object body) throws IOException {
    FaultyServer.answer(exchange, 200, "application/json", Json.write(body));
  }

  @Override
  public void close() {
    server.close();
  }
}
