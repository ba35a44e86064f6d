package dev.inflight.mlflow;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * Writes a Tribuo model as MLflow keeps models: {@code MLmodel} with a flavor {@code tribuo}, which
 * Python tools pass over, and {@code model.tribuo}.
 */
public final class TribuoFlavor {
  private static final String DATA = "model.tribuo";

  private TribuoFlavor() {}

  /**
   * Writes a directory that can be logged ({@code mlflow.log_artifacts(directory, "model")}) and
   * registered.
   *
   * @param directory is created; must not hold a model yet
   * @param model file with a Tribuo model in protobuf form
   * @param features their names, for the signature; none if it is empty
   * @param metadata for {@link MlflowModel#metadata()}: text, numbers, lists and maps
   * @throws IOException if a file cannot be read or written, or is there already
   */
  public static void write(
      Path directory, Path model, List<String> features, Map<String, ?> metadata)
      throws IOException {
    Files.createDirectories(directory);
    Files.copy(model, directory.resolve(DATA));
    Map<String, Object> yaml = new LinkedHashMap<>();
    yaml.put("flavors", Map.of("tribuo", Map.of("data", DATA, "serialization_format", "protobuf")));
    yaml.put("metadata", metadata);
    yaml.put("model_uuid", UUID.randomUUID().toString().replace("-", ""));
    if (!features.isEmpty()) {
      yaml.put("signature", Map.of("inputs", Json.write(columns(features))));
    }
    yaml.put("utc_time_created", LocalDateTime.now(ZoneOffset.UTC).toString().replace('T', ' '));
    DumperOptions block = new DumperOptions();
    block.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    Files.writeString(
        directory.resolve(MlflowModel.FILE),
        new Yaml(block).dump(yaml),
        java.nio.file.StandardOpenOption.CREATE_NEW);
  }

  private static List<Map<String, Object>> columns(List<String> features) {
    List<Map<String, Object>> columns = new ArrayList<>();
    for (String feature : features) {
      Map<String, Object> column = new LinkedHashMap<>();
      column.put("type", "double");
      column.put("name", feature);
      column.put("required", true);
      columns.add(column);
    }
    return columns;
  }
}
