package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.fetch.StatusException;
import dev.inflight.repository.Versions;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MLflow's own basic authentication. */
@Tag("interop")
class MlflowPasswordInteropTest {
  @TempDir Path target;

  @Test
  void fetch_withThePassword_works() throws Exception {
    RealServer server = RealServer.of("inflight.mlflow3", RealServer.Kind.PASSWORD);
    byte[] bytes = {1, 2, 3};
    String version = server.publish("contract", "1", java.util.Map.of("model.onnx", bytes));
    MlflowRepository repository = server.repository();
    Versions.Entry entry = repository.versions("contract").entries().get(0);
    assertThat(entry.version()).isEqualTo(version);
    repository.fetch("contract", entry, target);
    assertThat(target.resolve("model.onnx")).hasBinaryContent(bytes);
    assertThatThrownBy(() -> MlflowRepository.at(server.uri()).versions("contract"))
        .isInstanceOfSatisfying(StatusException.class, e -> assertThat(e.status()).isEqualTo(401));
  }
}
