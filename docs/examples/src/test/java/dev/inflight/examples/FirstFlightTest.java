package dev.inflight.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FirstFlightTest {
  @Test
  void flight_onTheTestModels_isAsPromised() throws Exception {
    ByteArrayOutputStream text = new ByteArrayOutputStream();

    boolean good =
        FirstFlight.run(
            new PrintStream(text, true, StandardCharsets.UTF_8),
            Path.of(System.getProperty("inflight.root"), "testmodels"));

    assertThat(text.toString(StandardCharsets.UTF_8))
        .contains("As promised.", "v3 refused", "v2 promoted, v3 rejected", "100 %");
    assertThat(good).isTrue();
  }
}
