package dev.inflight.mlflow;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** What MLflow says of a version in its file {@code MLmodel}, and the examples beside it. */
public final class MlflowModel {
  static final String FILE = "MLmodel";

  /** Where we look for the answers to the input example, in the same form. */
  static final String OUTPUT_EXAMPLE = "output_example.json";

  private static final int MAX_BYTES = 16 << 20;
  private static final int MAX_ALIASES = 20;
  private static final int MAX_DEPTH = 50;

  /** What only Python can load. */
  private static final Set<String> PYTHON =
      Set.of(
          "python_function",
          "sklearn",
          "pytorch",
          "statsmodels",
          "prophet",
          "pmdarima",
          "diviner",
          "spacy",
          "shap",
          "langchain",
          "llama_index",
          "dspy",
          "openai");

  private static final Set<String> PICKLES = Set.of("pkl", "pickle", "joblib", "skops");

  private final String label;
  private final Map<String, Map<String, @Nullable Object>> flavors;
  private final Map<String, @Nullable Object> metadata;
  private final MlflowSignature signature;
  private final String example;
  private final ModelArtifact artifact;

  private MlflowModel(ModelArtifact artifact, Map<?, ?> yaml) {
    label = artifact.label();
    this.artifact = artifact;
    flavors = new LinkedHashMap<>();
    map(yaml.get("flavors")).forEach((name, flavor) -> flavors.put(name, map(flavor)));
    metadata = map(yaml.get("metadata"));
    signature = signature(label, map(yaml.get("signature")).get("inputs"));
    Object path = map(yaml.get("saved_input_example_info")).get("artifact_path");
    example = path == null ? "" : path.toString();
  }

  private static MlflowSignature signature(String label, @Nullable Object inputs) {
    try {
      return inputs == null
          ? MlflowSignature.NONE
          : MlflowSignature.parse(Json.read(inputs.toString(), "signature"));
    } catch (IOException | IllegalArgumentException e) {
      throw new ModelLoadException(Stage.LOAD, label + ": " + FILE + ": " + e.getMessage(), e);
    }
  }

  private static Map<String, @Nullable Object> map(@Nullable Object value) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> entries) {
      entries.forEach((key, inner) -> map.put(String.valueOf(key), inner));
    }
    return map;
  }

  /**
   * {@return what is said of a version that was fetched}
   *
   * @throws ModelLoadException of stage {@code LOAD} if there is no {@code MLmodel} or it cannot be
   *     read, of {@code VERIFY} if its bytes changed
   */
  public static MlflowModel of(ModelArtifact artifact) {
    String label = artifact.label();
    ByteBuffer bytes = artifact.read(FILE);
    LoaderOptions options = new LoaderOptions();
    options.setMaxAliasesForCollections(MAX_ALIASES);
    options.setNestingDepthLimit(MAX_DEPTH);
    options.setCodePointLimit(MAX_BYTES);
    options.setAllowDuplicateKeys(false);
    try {
      Object yaml =
          new Yaml(new SafeConstructor(options))
              .load(StandardCharsets.UTF_8.decode(bytes).toString());
      if (yaml instanceof Map<?, ?> map) {
        return new MlflowModel(artifact, map);
      }
      throw new ModelLoadException(
          Stage.LOAD, label + ": " + FILE + ": expected a YAML mapping, got something else");
    } catch (YAMLException e) {
      throw new ModelLoadException(
          Stage.LOAD, label + ": " + FILE + ": expected YAML, got: " + firstLine(e), e);
    }
  }

  private static String firstLine(YAMLException e) {
    return String.valueOf(e.getMessage()).split("\n", 2)[0].replaceAll("\\p{Cntrl}", "?");
  }

  /** {@return the names of the forms that the model was saved in, such as {@code onnx}} */
  public Set<String> flavors() {
    return Set.copyOf(flavors.keySet());
  }

  /** {@return what is said of one form; empty if it was not saved in it} */
  public Map<String, @Nullable Object> flavor(String name) {
    return flavors.getOrDefault(name, Map.of());
  }

  /** {@return what the publisher said of the model, under {@code metadata}} */
  public Map<String, @Nullable Object> metadata() {
    return metadata;
  }

  /** {@return the inputs that the publisher declared} */
  MlflowSignature signature() {
    return signature;
  }

  /** Refuses what only Python can load, and says what to do. */
  void requireServable(Collection<String> files) {
    Set<String> usable = new TreeSet<>();
    flavors.forEach(
        (name, flavor) -> {
          String data = String.valueOf(flavor.get("data"));
          String extension = data.substring(data.lastIndexOf('.') + 1);
          if (!PYTHON.contains(name) && !PICKLES.contains(extension)) {
            usable.add(name);
          }
        });
    if (usable.isEmpty()) {
      throw new ModelLoadException(
          Stage.LOAD,
          label
              + ": expected a flavor that runs without Python, such as onnx or tribuo, got "
              + new TreeSet<>(flavors.keySet())
              + ": convert the model (skl2onnx.to_onnx, torch.onnx.export, ...) and log it with"
              + " mlflow.onnx.log_model");
    }
    for (String flavor : usable) {
      Object data = flavor(flavor).get("data");
      if (data != null && !isThere(data.toString(), files)) {
        throw new ModelLoadException(
            Stage.LOAD,
            label + ": flavor " + flavor + ": expected its file '" + data + "', got " + files);
      }
    }
  }

  private static boolean isThere(String data, Collection<String> files) {
    return files.stream().anyMatch(file -> file.equals(data) || file.startsWith(data + "/"));
  }

  /** Refuses files that nothing is said of, unless one is a model by its name. */
  static void requireModelFile(String label, List<String> files) {
    if (files.stream().noneMatch(file -> file.matches("[^/]+\\.(onnx|tribuo)"))) {
      throw new ModelLoadException(
          Stage.LOAD,
          label
              + ": expected "
              + FILE
              + " or a file *.onnx or *.tribuo, got "
              + files.stream().limit(20).toList());
    }
  }

  /**
   * {@return the input example, as a row without a codec; empty if none was saved}
   *
   * @param model what the loaded version takes
   * @throws ModelLoadException of stage {@code LOAD} if it does not fit the model
   */
  public Optional<Tensors> inputExample(Signature model) {
    return example.isEmpty() ? Optional.empty() : read(example, model.inputs());
  }

  /**
   * {@return the answers to the input example, from a file {@value #OUTPUT_EXAMPLE} that the
   * publisher logged beside it; empty if there is none}
   *
   * @param model what the loaded version gives
   * @throws ModelLoadException of stage {@code LOAD} if it does not fit the model
   */
  public Optional<Tensors> outputExample(Signature model) {
    return read(OUTPUT_EXAMPLE, model.outputs());
  }

  private Optional<Tensors> read(String file, List<ValueSpec> specs) {
    if (!artifact.files().containsKey(file)) {
      return Optional.empty();
    }
    try {
      ByteBuffer bytes = artifact.read(file);
      if (bytes.remaining() > MAX_BYTES) {
        throw new IOException("expected at most " + MAX_BYTES + " bytes");
      }
      String text = StandardCharsets.UTF_8.decode(bytes).toString();
      return Optional.of(Example.parse(Json.read(text, file), specs));
    } catch (IOException | IllegalArgumentException e) {
      throw new ModelLoadException(Stage.LOAD, label + ": " + file + ": " + e.getMessage(), e);
    }
  }
}
