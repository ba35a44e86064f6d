package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What MLflow's own client would send. */
class CredentialsTest {
  @TempDir Path home;

  @Test
  void header_userAndPassword_winOverTheToken() throws IOException {
    Map<String, String> environment =
        Map.of(
            "MLFLOW_TRACKING_USERNAME", "u",
            "MLFLOW_TRACKING_PASSWORD", "p",
            "MLFLOW_TRACKING_TOKEN", "t");
    assertThat(Credentials.header(environment, home.resolve("none"))).contains("Basic dTpw");
    assertThat(Credentials.header(Map.of("MLFLOW_TRACKING_TOKEN", "t"), home.resolve("none")))
        .contains("Bearer t");
    assertThat(Credentials.header(Map.of(), home.resolve("none"))).isEmpty();
  }

  @Test
  void header_fromTheFile_isOverriddenByTheEnvironment() throws IOException {
    Path file = home.resolve("credentials");
    Files.writeString(
        file,
        """
        [other]
        mlflow_tracking_token = no
        [mlflow]
        mlflow_tracking_username = u
        mlflow_tracking_password = file
        """);
    assertThat(Credentials.header(Map.of(), file)).contains(Credentials.basic("u", "file"));
    assertThat(Credentials.header(Map.of("MLFLOW_TRACKING_PASSWORD", "p"), file))
        .contains("Basic dTpw");
  }

  @Test
  void fromEnvironment_withoutServer_isRefused() {
    assertThatThrownBy(() -> MlflowRepository.fromEnvironment(Map.of(), home.resolve("none")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("http://mlflow:5000");
    assertThat(
            MlflowRepository.fromEnvironment(
                Map.of("MLFLOW_TRACKING_URI", "http://u:p@host:5000/prefix/"),
                home.resolve("none")))
        .hasToString("MLflow at http://host:5000/prefix");
  }
}
