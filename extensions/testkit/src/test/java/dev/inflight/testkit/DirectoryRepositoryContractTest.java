package dev.inflight.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.ModelArtifact;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories keep the contract. */
class DirectoryRepositoryContractTest extends DirectoryContract {
  private static final byte[] MODEL_BYTES = "a model".getBytes(StandardCharsets.UTF_8);

  @Override
  protected ModelRepository open() {
    return DirectoryRepository.at(models);
  }

  /** A link that a publisher keeps must not lead into what serves. */
  @Test
  void fetch_ofHardLink_givesBytesOfItsOwn(@TempDir Path target) throws IOException {
    Path elsewhere = Files.write(models.resolve("elsewhere.onnx"), MODEL_BYTES);
    Path version = next();
    Files.createLink(version.resolve("model.onnx"), elsewhere);
    Manifest.write(version);
    ModelRepository repository = open();
    Versions.Entry entry = repository.versions(MODEL).entries().get(0);
    ModelArtifact artifact = repository.fetch(MODEL, entry, target);
    Files.writeString(elsewhere, "other bytes");
    assertThat(target.resolve("model.onnx")).hasBinaryContent(MODEL_BYTES);
    assertThat(artifact.read("model.onnx").remaining()).isEqualTo(MODEL_BYTES.length);
  }
}
