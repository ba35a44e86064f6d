package dev.inflight.dvc;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code .dvc/config} says of remotes. Names of sections and keys are taken in lower case, as
 * DVC does.
 *
 * @param remotes name to settings
 * @param standard the name of the default remote; empty if there is none
 */
record DvcConfig(Map<String, Map<String, String>> remotes, String standard) {
  private static final Pattern SECTION =
      Pattern.compile("\\[\\s*'?\\s*([a-z]+)(?:\\s+\"([^\"]*)\")?\\s*'?\\s*\\]");
  private static final Pattern SETTING = Pattern.compile("([A-Za-z0-9_.-]+)\\s*=\\s*(.*)");

  /** {@return this with what a further file says, which wins} */
  DvcConfig and(DvcConfig more) {
    Map<String, Map<String, String>> all = new LinkedHashMap<>();
    remotes.forEach((name, settings) -> all.put(name, new HashMap<>(settings)));
    more.remotes.forEach(
        (name, settings) -> all.computeIfAbsent(name, any -> new HashMap<>()).putAll(settings));
    return new DvcConfig(all, more.standard.isEmpty() ? standard : more.standard);
  }

  /** {@return this without what is for one server, whichever server another file names} */
  DvcConfig withoutSecrets() {
    Map<String, Map<String, String>> all = new LinkedHashMap<>();
    remotes.forEach(
        (name, settings) -> {
          Map<String, String> rest = new HashMap<>(settings);
          rest.remove("user");
          rest.remove("password");
          all.put(name, rest);
        });
    return new DvcConfig(all, standard);
  }

  static DvcConfig parse(String file) {
    Map<String, Map<String, String>> all = new LinkedHashMap<>();
    String chosen = "";
    Map<String, String> section = new HashMap<>();
    boolean core = false;
    for (String line : file.lines().map(String::strip).toList()) {
      Matcher header = SECTION.matcher(line.toLowerCase(Locale.ROOT));
      Matcher setting = SETTING.matcher(line);
      if (line.startsWith("[")) {
        boolean known = header.matches();
        core = known && "core".equals(header.group(1)) && header.group(2) == null;
        boolean remote = known && "remote".equals(header.group(1)) && header.group(2) != null;
        section =
            remote
                ? all.computeIfAbsent(header.group(2), name -> new HashMap<>())
                : new HashMap<>();
      } else if (setting.matches()) {
        String key = setting.group(1).toLowerCase(Locale.ROOT);
        String value = unquoted(setting.group(2).strip());
        section.put(key, value);
        if (core && key.equals("remote")) {
          chosen = value.toLowerCase(Locale.ROOT);
        }
      }
    }
    return new DvcConfig(all, chosen);
  }

  private static String unquoted(String value) {
    boolean quoted =
        value.length() >= 2
            && (value.charAt(0) == '"' || value.charAt(0) == '\'')
            && value.charAt(0) == value.charAt(value.length() - 1);
    return quoted ? value.substring(1, value.length() - 1) : value;
  }

  /** {@return the name of a remote: the one wanted, else the default one} */
  String choose(String wanted) throws RefusedException {
    String name = wanted.isEmpty() ? standard : wanted.toLowerCase(Locale.ROOT);
    if (name.isEmpty() || !remotes.containsKey(name)) {
      throw new RefusedException(
          "expected "
              + (name.isEmpty() ? "a default remote (dvc remote default)" : "remote '" + name + "'")
              + " in .dvc/config, got "
              + new TreeSet<>(remotes.keySet()));
    }
    return name;
  }

  Map<String, String> remote(String name) {
    return remotes.getOrDefault(name, Map.of());
  }

  /** {@return the address of a remote, if it has one} */
  Optional<String> url(String name) {
    return Optional.ofNullable(remote(name).get("url"));
  }
}
