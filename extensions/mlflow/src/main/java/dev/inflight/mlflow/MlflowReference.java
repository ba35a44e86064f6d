package dev.inflight.mlflow;

import java.util.Locale;
import java.util.regex.Pattern;

/** What {@code models:/} and {@code runs:/} addresses mean. */
sealed interface MlflowReference {
  /** A version of a registered model, by its number. */
  record Version(String name, String version) implements MlflowReference {}

  /** The version of a registered model that has an alias. */
  record Alias(String name, String alias) implements MlflowReference {}

  /** The newest version of a registered model. */
  record Latest(String name) implements MlflowReference {}

  /** A logged model of MLflow 3. */
  record Logged(String id) implements MlflowReference {}

  /** What a run logged under a path. */
  record Run(String run, String path) implements MlflowReference {}

  /** {@code m-} and 32 hex digits. */
  Pattern LOGGED_MODEL = Pattern.compile("m-[0-9a-f]{32}");

  /**
   * {@return what an address means} A parser of its own: names with blanks are no URIs.
   *
   * @throws IllegalArgumentException if it is none of the forms
   */
  static MlflowReference parse(String text) {
    if (text.startsWith("models:/") && !text.startsWith("models://")) {
      String rest = text.substring("models:/".length());
      int at = rest.lastIndexOf('@');
      int slash = rest.indexOf('/');
      if (LOGGED_MODEL.matcher(rest).matches()) {
        return new Logged(rest);
      }
      if (slash < 0 && at > 0 && at < rest.length() - 1) {
        return new Alias(rest.substring(0, at), rest.substring(at + 1));
      }
      if (slash > 0) {
        String version = rest.substring(slash + 1);
        if (version.matches("[0-9]{1,18}")) {
          return new Version(rest.substring(0, slash), version);
        }
        if (version.toLowerCase(Locale.ROOT).equals("latest")) {
          return new Latest(rest.substring(0, slash));
        }
      }
    } else if (text.startsWith("runs:/") && !text.startsWith("runs://")) {
      String rest = text.substring("runs:/".length());
      int slash = rest.indexOf('/');
      if (slash > 0 && slash < rest.length() - 1) {
        return new Run(rest.substring(0, slash), rest.substring(slash + 1));
      }
    }
    throw new IllegalArgumentException(
        "model address: expected models:/<name>/<version>, models:/<name>@<alias>,"
            + " models:/<name>/latest, models:/m-<id> or runs:/<run>/<path>, got '"
            + text
            + "'");
  }
}
