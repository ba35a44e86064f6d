package dev.inflight.dvc;

import dev.inflight.fetch.Staging;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** Reading YAML that may be anything: plain maps, lists and scalars only, and not too many. */
final class YamlFile {
  private static final int MAX_CODE_POINTS = 4 << 20;
  private static final int MAX_ALIASES = 20;
  private static final int MAX_DEPTH = 50;

  /** Numbers and dates stay as they were written: {@code 1.10} is a name, {@code 12e4} a digest. */
  private static final class AsWritten extends Resolver {
    @Override
    protected void addImplicitResolvers() {
      addImplicitResolver(Tag.BOOL, BOOL, "yYnNtTfFoO");
      addImplicitResolver(Tag.MERGE, MERGE, "<");
      addImplicitResolver(Tag.NULL, NULL, "~nN\0");
      addImplicitResolver(Tag.NULL, EMPTY, null);
    }
  }

  private YamlFile() {}

  /** {@return the map that a text is; an empty text is an empty map} */
  static Map<String, @Nullable Object> parse(String path, String text) throws RefusedException {
    LoaderOptions options = new LoaderOptions();
    options.setMaxAliasesForCollections(MAX_ALIASES);
    options.setNestingDepthLimit(MAX_DEPTH);
    options.setCodePointLimit(MAX_CODE_POINTS);
    options.setAllowDuplicateKeys(false);
    Object value;
    try {
      DumperOptions unused = new DumperOptions();
      value =
          new Yaml(
                  new SafeConstructor(options),
                  new Representer(unused),
                  unused,
                  options,
                  new AsWritten())
              .load(text);
    } catch (YAMLException e) {
      throw new RefusedException(
          "file '"
              + path
              + "': expected YAML, got "
              + Staging.printable(String.valueOf(e.getMessage())));
    }
    if (value != null && !(value instanceof Map<?, ?>)) {
      throw new RefusedException("file '" + path + "': expected a map, got a list or a scalar");
    }
    return map(value);
  }

  /** {@return what is in a map, by names; nothing of what is no map} */
  static Map<String, @Nullable Object> map(@Nullable Object value) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> entries) {
      entries.forEach((key, inner) -> map.put(String.valueOf(key), inner));
    }
    return map;
  }

  /** {@return what is in a list; nothing of what is no list} */
  static List<@Nullable Object> list(@Nullable Object value) {
    List<@Nullable Object> items = new ArrayList<>();
    if (value instanceof List<?> list) {
      items.addAll(list);
    }
    return items;
  }

  /** {@return a scalar as text; empty if there is none} */
  static String text(Map<String, @Nullable Object> map, String key) {
    Object value = map.get(key);
    return value == null || value instanceof Map<?, ?> || value instanceof List<?>
        ? ""
        : value.toString();
  }
}
