package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.fetch.Presigner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The last 3.x, with artifacts in S3: the server lists, the store hands out. */
class MlflowS3InteropTest extends InteropModels {
  private final AtomicInteger signed = new AtomicInteger();

  @Override
  RealServer start() throws Exception {
    return RealServer.of("inflight.mlflow3", RealServer.Kind.S3);
  }

  @Override
  boolean isRecorded() {
    return false;
  }

  private Presigner counted() {
    Presigner presigner = server().presigner();
    return file -> {
      signed.incrementAndGet();
      return presigner.presign(file);
    };
  }

  @Override
  MlflowRepository repository() {
    return super.repository().withPresigner(counted());
  }

  @Override
  MlflowRepository direct() {
    return super.direct().withPresigner(counted());
  }

  @Test
  void files_withAPresigner_comeFromTheStore(@TempDir Path first) throws Exception {
    MlflowRepository repository = repository().following("models:/wide@champion");
    int before = signed.get();
    var artifact = repository.fetch("wide", repository.versions("").entries().get(0), first);
    assertThat(signed.get() - before).isEqualTo(artifact.files().size());
  }

  @Test
  void files_withoutAPresigner_comeFromTheServerIfItHandsThemOut(@TempDir Path first)
      throws Exception {
    MlflowRepository repository = super.repository().following("models:/wide@champion");
    int before = signed.get();
    repository.fetch("wide", repository.versions("").entries().get(0), first);
    assertThat(signed.get()).isEqualTo(before);
  }

  @Test
  void files_noCredentials_areAnOutage(@TempDir Path first) throws Exception {
    MlflowRepository repository =
        super.repository()
            .withPresigner(
                file -> {
                  throw new IOException("expected an access key, got none");
                })
            .following("models:/wide@champion");
    var entry = repository.versions("").entries().get(0);
    assertThatThrownBy(() -> repository.fetch("wide", entry, first))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected an access key");
  }
}
