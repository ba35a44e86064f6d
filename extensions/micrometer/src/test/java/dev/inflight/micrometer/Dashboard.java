package dev.inflight.micrometer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** The queries of the dashboard that is shipped, its variables filled in. */
record Dashboard(List<Dashboard.Query> queries) {
  /** What a panel asks. */
  record Query(String panel, String expression) {}

  static Dashboard load() throws IOException {
    try (InputStream json =
        Dashboard.class.getResourceAsStream("/dev/inflight/micrometer/grafana-dashboard.json")) {
      JsonNode root = new ObjectMapper().readTree(json);
      List<Query> queries = new ArrayList<>();
      for (JsonNode panel : root.get("panels")) {
        for (JsonNode target : panel.path("targets")) {
          queries.add(new Query(panel.get("title").asText(), filled(target.get("expr").asText())));
        }
      }
      for (JsonNode variable : root.get("templating").get("list")) {
        String definition = variable.path("definition").asText();
        if (!definition.isEmpty()) {
          String series = definition.replaceFirst("label_values\\((.*), \\w+\\)", "$1");
          queries.add(new Query("$" + variable.get("name").asText(), filled(series)));
        }
      }
      return new Dashboard(queries);
    }
  }

  private static String filled(String expression) {
    String filled =
        expression
            .replace("$model", ".+")
            .replace("$version", ".+")
            .replace("$__rate_interval", "20s");
    if (filled.contains("$")) {
      throw new AssertionError("expected known variables, got " + expression);
    }
    return filled;
  }
}
