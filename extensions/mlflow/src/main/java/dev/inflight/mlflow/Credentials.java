package dev.inflight.mlflow;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The {@code Authorization} header that MLflow's own client would send. */
final class Credentials {
  private static final String USERNAME = "MLFLOW_TRACKING_USERNAME";
  private static final String PASSWORD = "MLFLOW_TRACKING_PASSWORD";
  private static final String TOKEN = "MLFLOW_TRACKING_TOKEN";

  private Credentials() {}

  static String basic(String user, String password) {
    byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(both);
  }

  static String bearer(String token) {
    return "Bearer " + token;
  }

  /**
   * {@return from the environment, else from a file; user and password before the token}
   *
   * @param file an INI file with a section {@code [mlflow]}; need not be there
   */
  static Optional<String> header(Map<String, String> environment, Path file) throws IOException {
    Map<String, String> all = new HashMap<>(read(file));
    all.putAll(environment);
    String user = all.getOrDefault(USERNAME, "");
    String password = all.getOrDefault(PASSWORD, "");
    String token = all.getOrDefault(TOKEN, "");
    if (!user.isEmpty() && !password.isEmpty()) {
      return Optional.of(basic(user, password));
    }
    return token.isEmpty() ? Optional.empty() : Optional.of(bearer(token));
  }

  private static Map<String, String> read(Path file) throws IOException {
    Map<String, String> found = new HashMap<>();
    if (!Files.isReadable(file)) {
      return found;
    }
    boolean inside = false;
    for (String line : Files.readAllLines(file)) {
      String text = line.strip();
      int equals = text.indexOf('=');
      if (text.startsWith("[")) {
        inside = text.equals("[mlflow]");
      } else if (inside && equals > 0) {
        found.put(
            text.substring(0, equals).strip().toUpperCase(java.util.Locale.ROOT),
            text.substring(equals + 1).strip());
      }
    }
    return found;
  }
}
