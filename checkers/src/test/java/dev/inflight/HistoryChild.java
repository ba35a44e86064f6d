package dev.inflight;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A {@link History} in a JVM of its own, whose class path starts with a mutated class: Lincheck's
 * model checking looks classes up by name, so a class loader that has another one of that name does
 * not do.
 */
final class HistoryChild {
  private static final String FINE = "nothing found";
  private static final String CAUGHT = "caught";
  private static final long PATIENCE_SECONDS = 300;

  private HistoryChild() {}

  /** What was found with the classes in {@code first}, or null; works in {@code directory}. */
  static String failure(Path first, Path directory, String history, int scenarios, int times)
      throws IOException, InterruptedException {
    Path said = directory.resolve("said.txt");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx512m",
                    "-Dlincheck.logLevel=ERROR",
                    "-XX:+EnableDynamicAgentLoading",
                    "-Djdk.attach.allowAttachSelf=true",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-cp",
                    first
                        + System.getProperty("path.separator")
                        + System.getProperty("java.class.path"),
                    HistoryChild.class.getName(),
                    history,
                    Integer.toString(scenarios),
                    Integer.toString(times)))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException(history + ": still running: " + Files.readString(said));
      }
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(said);
    if (text.contains(FINE)) {
      return null;
    }
    int at = text.indexOf(CAUGHT);
    // A class that is not the right one is no mutant caught, nor is an execution that got stuck.
    boolean found =
        text.contains("Validation function") || text.contains("Invalid execution results");
    if (at < 0 || !found || text.contains("ClassCastException")) {
      throw new IllegalStateException(history + " in a child: " + text);
    }
    return text.substring(at + CAUGHT.length());
  }

  public static void main(String[] args) {
    String failure =
        History.valueOf(args[0])
            .failure(
                History.Mode.MODEL_CHECKING, Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    System.out.println(failure == null ? FINE : CAUGHT + failure);
    System.exit(0);
  }
}
