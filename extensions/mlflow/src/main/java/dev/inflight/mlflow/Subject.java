package dev.inflight.mlflow;

import dev.inflight.fetch.OmsRoot;
import dev.inflight.fetch.Staging;
import dev.inflight.repository.Versions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * One version of what is followed.
 *
 * @param version as deployments call it
 * @param identity the root digest of its files where that is known, else a digest of where it comes
 *     from: MLflow never registers another source under the same number and time
 * @param root the digest that its publisher says its files have
 */
record Subject(
    MlflowReference reference,
    String version,
    String identity,
    Optional<String> root,
    Versions.State state,
    String reason) {

  static Subject of(MlflowServer.Version version) {
    Optional<String> root = OmsRoot.of(version.tags());
    String source = version.source();
    String origin =
        source.matches("models:/m-[0-9a-f]{32}")
            ? source
            : source + "\n" + version.name() + "\n" + version.version() + "\n" + version.created();
    return new Subject(
        new MlflowReference.Version(version.name(), version.version()),
        version.version(),
        root.orElseGet(() -> hash(origin)),
        root,
        state(version.status(), "READY", "PENDING"),
        version.status().equals("READY")
            ? ""
            : "its registration is "
                + version.status()
                + " "
                + Staging.printable(version.message()));
  }

  static Subject of(MlflowServer.Logged logged) {
    Optional<String> root = OmsRoot.of(logged.tags());
    return new Subject(
        new MlflowReference.Logged(logged.id()),
        logged.id(),
        root.orElseGet(() -> hash("models:/" + logged.id())),
        root,
        state(logged.status(), "LOGGED_MODEL_READY", "LOGGED_MODEL_PENDING"),
        logged.status().equals("LOGGED_MODEL_READY") ? "" : "its status is " + logged.status());
  }

  static Subject of(MlflowReference.Run run) {
    return new Subject(
        run,
        run.run(),
        hash("runs:/" + run.run() + "/" + run.path()),
        Optional.empty(),
        Versions.State.AVAILABLE,
        "");
  }

  private static Versions.State state(String status, String ready, String pending) {
    return status.equals(ready)
        ? Versions.State.AVAILABLE
        : status.startsWith(pending) ? Versions.State.PENDING : Versions.State.REFUSED;
  }

  private static String hash(String origin) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update("mlflow\n".getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sha.digest(origin.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
