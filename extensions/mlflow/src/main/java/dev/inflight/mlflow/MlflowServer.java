package dev.inflight.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.StatusException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The calls of MLflow's REST interface that are needed, as far as they are needed. */
final class MlflowServer {
  private static final String API = "/api/2.0/mlflow/";
  private static final int PAGE = 200;
  private static final int MAX_PAGES = 100;

  private final HttpSource http;
  private final URI base;

  MlflowServer(HttpSource http, URI base) {
    this.http = http;
    this.base = base;
  }

  /**
   * A version of a registered model.
   *
   * @param version a number
   * @param source where it was registered from; may itself be a {@code models:/} or {@code runs:/}
   *     address
   * @param status {@code READY}, or how far its registration is
   * @param created in milliseconds, as text
   */
  record Version(
      String name,
      String version,
      String source,
      String run,
      String status,
      String message,
      String created,
      Map<String, String> tags) {
    static Version of(JsonNode node) {
      return new Version(
          text(node, "name"),
          text(node, "version"),
          text(node, "source"),
          text(node, "run_id"),
          text(node, "status"),
          text(node, "status_message"),
          text(node, "creation_timestamp"),
          pairs(node.path("tags"), "key", "value"));
    }
  }

  /** A logged model of MLflow 3. */
  record Logged(
      String id, String name, String status, String artifacts, Map<String, String> tags) {}

  /** A run, and the models it logged. */
  record Run(String artifacts, List<String> models) {}

  /** One entry of a listing. */
  record Item(String path, boolean directory, long bytes) {}

  private static String text(JsonNode node, String field) {
    return node.path(field).asText("");
  }

  private static Map<String, String> pairs(JsonNode list, String key, String value) {
    Map<String, String> pairs = new HashMap<>();
    for (JsonNode entry : list) {
      pairs.put(text(entry, key), text(entry, value));
    }
    return pairs;
  }

  /** {@return an address on this server: a path, then names and values} */
  URI uri(String path, String... query) {
    StringBuilder uri = new StringBuilder(base.toString()).append(path);
    for (int i = 0; i < query.length; i += 2) {
      uri.append(i == 0 ? '?' : '&')
          .append(query[i])
          .append('=')
          .append(HttpSource.encoded(query[i + 1]));
    }
    return URI.create(uri.toString());
  }

  private JsonNode get(String call, String... query) throws IOException {
    return json(uri(API + call, query));
  }

  private JsonNode json(URI uri) throws IOException {
    JsonNode node = Json.read(http.text(uri), uri.getPath());
    if (!node.isObject()) {
      throw new IOException(uri.getPath() + ": expected a JSON object, got " + node.getNodeType());
    }
    return node;
  }

  /** {@return the answer, or null if the server knows no such thing} */
  private @Nullable JsonNode find(String call, String... query) throws IOException {
    try {
      return get(call, query);
    } catch (StatusException e) {
      String message = String.valueOf(e.getMessage());
      // What is not there is 404 with an error code; an alias that is not there is 400. Another
      // 404 is no MLflow.
      boolean missing =
          (e.status() == 404 && message.contains("RESOURCE_DOES_NOT_EXIST"))
              || (e.status() == 400 && call.endsWith("/alias") && message.contains("not found"));
      if (missing) {
        return null;
      }
      throw e;
    }
  }

  /** {@return aliases and the versions they name; empty if there is no such model} */
  Optional<Map<String, String>> aliases(String model) throws IOException {
    JsonNode found = find("registered-models/get", "name", model);
    return found == null
        ? Optional.empty()
        : Optional.of(
            pairs(require(found, "registered_model").path("aliases"), "alias", "version"));
  }

  private static JsonNode require(JsonNode node, String field) throws IOException {
    JsonNode inner = node.path(field);
    if (!inner.isObject()) {
      throw new IOException("answer of MLflow: expected a field '" + field + "', got none");
    }
    return inner;
  }

  List<Version> versions(String model) throws IOException {
    String quote = model.indexOf('\'') < 0 ? "'" : "\"";
    String filter = "name=" + quote + model + quote;
    List<Version> versions = new ArrayList<>();
    pages(
        found -> found.path("model_versions").forEach(node -> versions.add(Version.of(node))),
        "model-versions/search",
        "filter",
        filter,
        "max_results",
        String.valueOf(PAGE));
    return versions;
  }

  Optional<Version> version(String model, String version) throws IOException {
    JsonNode found = find("model-versions/get", "name", model, "version", version);
    return found == null
        ? Optional.empty()
        : Optional.of(Version.of(require(found, "model_version")));
  }

  Optional<Version> aliased(String model, String alias) throws IOException {
    JsonNode found = find("registered-models/alias", "name", model, "alias", alias);
    return found == null
        ? Optional.empty()
        : Optional.of(Version.of(require(found, "model_version")));
  }

  String downloadUri(String model, String version) throws IOException {
    return text(
        get("model-versions/get-download-uri", "name", model, "version", version), "artifact_uri");
  }

  Optional<Logged> logged(String id) throws IOException {
    JsonNode found = find("logged-models/" + HttpSource.encoded(id));
    if (found == null) {
      return Optional.empty();
    }
    JsonNode info = require(require(found, "model"), "info");
    return Optional.of(
        new Logged(
            text(info, "model_id"),
            text(info, "name"),
            text(info, "status"),
            text(info, "artifact_uri"),
            pairs(info.path("tags"), "key", "value")));
  }

  Optional<Run> run(String id) throws IOException {
    JsonNode found = find("runs/get", "run_id", id);
    if (found == null) {
      return Optional.empty();
    }
    JsonNode run = require(found, "run");
    List<String> models = new ArrayList<>();
    run.path("outputs").path("model_outputs").forEach(out -> models.add(text(out, "model_id")));
    return Optional.of(new Run(text(run.path("info"), "artifact_uri"), models));
  }

  /** {@return what is in a directory of a run, by its path below the run's root} */
  List<Item> runItems(String run, String directory) throws IOException {
    return listed("artifacts/list", "run_id", run, "path", directory);
  }

  /** {@return what is in a directory of a logged model, by its path below the model's root} */
  List<Item> loggedItems(String id, String directory) throws IOException {
    return listed(
        "logged-models/" + HttpSource.encoded(id) + "/artifacts/directories",
        "artifact_directory_path",
        directory);
  }

  private List<Item> listed(String call, String... query) throws IOException {
    List<Item> items = new ArrayList<>();
    pages(found -> items.addAll(items(found)), call, query);
    return items;
  }

  private void pages(Consumer<JsonNode> each, String call, String... query) throws IOException {
    String[] words = query;
    for (int pages = 0; pages < MAX_PAGES; pages++) {
      JsonNode found = get(call, words);
      each.accept(found);
      String next = text(found, "next_page_token");
      if (next.isEmpty()) {
        return;
      }
      words = Arrays.copyOf(query, query.length + 2);
      words[query.length] = "page_token";
      words[query.length + 1] = next;
    }
    throw new IOException(call + ": expected at most " + MAX_PAGES + " pages, got more");
  }

  /** {@return what is in a directory of a proxied store, by its name} */
  List<Item> proxiedItems(URI store, String directory) throws IOException {
    return items(
        json(
            URI.create(
                store + (directory.isEmpty() ? "" : "?path=" + HttpSource.encoded(directory)))));
  }

  private static List<Item> items(JsonNode found) {
    List<Item> items = new ArrayList<>();
    for (JsonNode file : found.path("files")) {
      items.add(
          new Item(
              text(file, "path"),
              file.path("is_dir").asBoolean(false),
              file.path("file_size").asLong(-1)));
    }
    return items;
  }

  HttpSource http() {
    return http;
  }

  URI base() {
    return base;
  }
}
