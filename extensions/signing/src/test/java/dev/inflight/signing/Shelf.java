package dev.inflight.signing;

import dev.inflight.ModelArtifact;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A source whose owner can put anything under any version, and takes no digest of it. */
final class Shelf implements ModelRepository {
  private final Path room;
  private final Map<String, Map<String, byte[]>> versions = new TreeMap<>();
  private int targets;

  Shelf(Path room) {
    this.room = room;
  }

  /** Puts a model of one file, different for each text. */
  Shelf put(String version, String text, Optional<ModelSigner> signer) throws IOException {
    Path directory = Files.createTempDirectory(room, "draft");
    Files.writeString(directory.resolve("model.onnx"), text);
    if (signer.isPresent()) {
      signer.get().sign(directory);
    }
    versions.put(version, Bench.read(directory));
    return this;
  }

  Shelf add(String version, String file, String text) {
    versions.get(version).put(file, text.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  Shelf rename(String version, String other) {
    versions.put(other, versions.get(version));
    return this;
  }

  @Override
  public Versions versions(String model) {
    return new Versions(versions.keySet().stream().map(this::entry).toList());
  }

  private Versions.Entry entry(String version) {
    return new Versions.Entry(version, "id-" + version, Versions.State.AVAILABLE, "");
  }

  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    Bench.write(target, versions.get(version.version()));
    return ModelArtifact.of(model, version.version(), target);
  }

  /** {@return the artifact as the repository makes it of this source} */
  ModelArtifact fetch(SignedRepository repository, String version) throws IOException {
    Path target = Files.createDirectory(room.resolve("target" + targets++));
    return repository.fetch("iris", entry(version), target);
  }
}
