package dev.inflight.examples;

import dev.inflight.Codec;
import dev.inflight.dvc.DvcRepository;
import dev.inflight.examples.RegistryFlight.Flower;
import dev.inflight.examples.RegistryFlight.Registry;
import dev.inflight.examples.RegistryFlight.Species;
import dev.inflight.onnx.OnnxLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A service follows {@code iris#prod} of a real repository of DVC and GTO, its remote over HTTP.
 */
public final class DvcFlight {
  private DvcFlight() {}

  /** Takes nothing; {@code FLIGHT_GIT} and {@code FLIGHT_GTO} say where repository and tool are. */
  public static void main(String... args) throws Exception {
    Path git = Path.of(System.getenv("FLIGHT_GIT"));
    RegistryFlight.fly(
        new Registry(
            DvcRepository.at(git.toUri()),
            OnnxLoader.of(Codec.records(Flower.class, Species.class)),
            "prod",
            "1.0.0",
            "2.0.0",
            () -> assign(git, "v2.0.0")));
  }

  /** As a colleague would. */
  private static void assign(Path git, String version) throws IOException, InterruptedException {
    List<String> gto =
        List.of(
            System.getenv("FLIGHT_GTO"), "assign", "iris", "--version", version, "--stage", "prod");
    Process process =
        new ProcessBuilder(gto)
            .directory(git.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException("gto: expected exit code 0 within a minute");
    }
  }
}
