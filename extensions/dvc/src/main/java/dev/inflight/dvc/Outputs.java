package dev.inflight.dvc;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What DVC keeps of a commit. A path is looked for in {@code <path>.dvc}, then in every {@code
 * dvc.lock}, then in the same of the directories above it.
 */
record Outputs(Commit commit) {
  private static final String LOCK = "dvc.lock";

  Optional<Output> find(String path) throws IOException, RefusedException {
    Optional<Output> own = exact(file(path), path);
    if (own.isPresent()) {
      return own;
    }
    List<Output> locked = locked();
    for (String above = path; !above.isEmpty(); above = parent(above)) {
      Optional<Output> found = exact(locked, above);
      if (found.isEmpty() && !above.equals(path)) {
        found = exact(file(above), above);
      }
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  private static Optional<Output> exact(List<Output> outputs, String path) {
    return outputs.stream().filter(output -> output.path().equals(path)).findFirst();
  }

  /** Those of the {@code .dvc} file of a path. */
  private List<Output> file(String path) throws IOException, RefusedException {
    String name = path + ".dvc";
    Optional<String> text = path.isEmpty() ? Optional.empty() : commit.text(name);
    if (text.isEmpty()) {
      return List.of();
    }
    Map<String, @Nullable Object> yaml = YamlFile.parse(name, text.get());
    String directory = Paths.resolve(Paths.directory(name), YamlFile.text(yaml, "wdir"));
    List<Output> outputs = new ArrayList<>();
    for (Object entry : YamlFile.list(yaml.get("outs"))) {
      outputs.add(
          Output.parse(name, directory, YamlFile.map(entry), Map.of(), Output.origin(yaml)));
    }
    return outputs;
  }

  /** Those of all stages. */
  private List<Output> locked() throws IOException, RefusedException {
    List<Output> outputs = new ArrayList<>();
    Commit.Node root = commit.find("").orElseThrow();
    for (Commit.Node lock :
        commit.below(root, path -> path.equals(LOCK) || path.endsWith("/" + LOCK))) {
      if (lock.kind() == Commit.Kind.FILE) {
        Map<String, @Nullable Object> yaml = YamlFile.parse(lock.path(), commit.text(lock));
        Map<String, @Nullable Object> stages =
            yaml.containsKey("schema") ? YamlFile.map(yaml.get("stages")) : yaml;
        Pipeline pipeline = Pipeline.of(commit, Paths.directory(lock.path()));
        for (Map.Entry<String, @Nullable Object> stage : stages.entrySet()) {
          add(lock.path(), pipeline, stage.getKey(), YamlFile.map(stage.getValue()), outputs);
        }
      }
    }
    return outputs;
  }

  private static void add(
      String lock,
      Pipeline pipeline,
      String stage,
      Map<String, @Nullable Object> locked,
      List<Output> outputs)
      throws RefusedException {
    Optional<String> directory = pipeline.directory(stage);
    if (directory.isEmpty()) {
      return; // nobody knows what its paths are relative to
    }
    Map<String, Map<String, @Nullable Object>> flags = pipeline.flags(stage);
    for (Object item : YamlFile.list(locked.get("outs"))) {
      Map<String, @Nullable Object> entry = YamlFile.map(item);
      outputs.add(
          Output.parse(
              lock,
              directory.get(),
              entry,
              flags.getOrDefault(YamlFile.text(entry, "path"), Map.of()),
              Optional.empty()));
    }
  }

  /** What {@code dvc.yaml} says of the stages that the {@code dvc.lock} beside it has run. */
  private record Pipeline(
      String directory, Map<String, @Nullable Object> stages, Template template) {
    static Pipeline of(Commit commit, String directory) throws IOException, RefusedException {
      String name = directory + "dvc.yaml";
      Map<String, @Nullable Object> yaml = YamlFile.parse(name, commit.text(name).orElse(""));
      return new Pipeline(
          directory, YamlFile.map(yaml.get("stages")), Template.of(commit, directory, yaml));
    }

    /** One of a loop is called {@code name@key}, and described below {@code do}. */
    private Map<String, @Nullable Object> stage(String name) {
      Map<String, @Nullable Object> stage = YamlFile.map(stages.get(name));
      if (stage.isEmpty()) {
        stage = YamlFile.map(stages.get(name.replaceFirst("@.*", "")));
      }
      return stage.containsKey("do") ? YamlFile.map(stage.get("do")) : stage;
    }

    Optional<String> directory(String stage) throws RefusedException {
      String wdir = YamlFile.text(stage(stage), "wdir");
      try {
        wdir = template.fill(wdir);
      } catch (RefusedException e) {
        return Optional.empty();
      }
      return Optional.of(Paths.resolve(directory, wdir));
    }

    /** What is said of each output, by its path as it is written in the lock file. */
    Map<String, Map<String, @Nullable Object>> flags(String stage) {
      Map<String, Map<String, @Nullable Object>> flags = new LinkedHashMap<>();
      for (Object item : YamlFile.list(stage(stage).get("outs"))) {
        YamlFile.map(item)
            .forEach(
                (path, said) -> {
                  try {
                    flags.put(template.fill(path), YamlFile.map(said));
                  } catch (RefusedException e) {
                    // of a loop: what it says is found out by looking into Git
                  }
                });
      }
      return flags;
    }
  }
}
