package dev.inflight.dvc;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The values that <code>${...}</code> of a {@code dvc.yaml} may mean: parameters and vars. */
record Template(Map<String, @Nullable Object> values) {
  private static final Pattern PLACE = Pattern.compile("\\$\\{\\s*([^}\\s]{1,200})\\s*}");
  private static final String DEFAULT_FILE = "params.yaml";

  /**
   * {@return the values beside a {@code dvc.yaml}: of {@code params.yaml}, and of its {@code vars}}
   *
   * @param directory of it, with a slash at the end unless it is the root
   */
  static Template of(Commit commit, String directory, Map<String, @Nullable Object> dvcYaml)
      throws IOException, RefusedException {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    merge(values, file(commit, directory + DEFAULT_FILE));
    for (Object item : YamlFile.list(dvcYaml.get("vars"))) {
      if (item instanceof Map<?, ?>) {
        merge(values, YamlFile.map(item));
      } else if (item != null && item.toString().matches(".*\\.ya?ml(:.*)?")) {
        merge(values, file(commit, directory + item.toString().replaceFirst(":[^:]*$", "")));
      }
    }
    return new Template(values);
  }

  private static Map<String, @Nullable Object> file(Commit commit, String path)
      throws IOException, RefusedException {
    String text = commit.text(path).orElse("");
    return YamlFile.parse(path, text);
  }

  private static void merge(
      Map<String, @Nullable Object> into, Map<String, @Nullable Object> more) {
    more.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> && into.get(key) instanceof Map<?, ?>) {
            Map<String, @Nullable Object> both = YamlFile.map(into.get(key));
            merge(both, YamlFile.map(value));
            into.put(key, both);
          } else {
            into.put(key, value);
          }
        });
  }

  /**
   * {@return a text with its places filled in}
   *
   * @throws RefusedException if a place means nothing here, or no scalar
   */
  String fill(String text) throws RefusedException {
    Matcher matcher = PLACE.matcher(text);
    StringBuilder filled = new StringBuilder();
    while (matcher.find()) {
      String key = matcher.group(1);
      Map<String, @Nullable Object> at = values;
      String[] names = key.split("\\.", -1);
      for (int i = 0; i < names.length - 1; i++) {
        at = YamlFile.map(at.get(names[i]));
      }
      String value = YamlFile.text(at, names[names.length - 1]);
      if (value.isEmpty()) {
        throw new RefusedException(
            "'" + text + "': expected '" + key + "' in params.yaml or vars, got no scalar");
      }
      matcher.appendReplacement(filled, Matcher.quoteReplacement(value));
    }
    matcher.appendTail(filled);
    return filled.toString();
  }
}
