package dev.inflight;

import dev.inflight.tensor.Signature;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What is loaded.
 *
 * @param name of the model
 * @param version as its repository calls it
 * @param runtime that runs it, with its version, such as {@code onnxruntime 1.28.0}
 * @param signature what it takes and gives
 * @param digest SHA-256 of the version, lower-case hex; see {@link ModelArtifact#digest()}
 * @param metadata what the model says of itself: producer, provenance; order kept
 */
public record ModelInfo(
    String name,
    String version,
    String runtime,
    Signature signature,
    String digest,
    Map<String, String> metadata) {
  /** Copies the map. */
  public ModelInfo {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(runtime, "runtime");
    Objects.requireNonNull(signature, "signature");
    Objects.requireNonNull(digest, "digest");
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /** {@return name and version, as messages call the model} */
  public String label() {
    return name + " v" + version;
  }
}
