package dev.inflight.examples;

import dev.inflight.Codec;
import dev.inflight.examples.RegistryFlight.Flower;
import dev.inflight.examples.RegistryFlight.Registry;
import dev.inflight.examples.RegistryFlight.Species;
import dev.inflight.mlflow.MlflowLoader;
import dev.inflight.mlflow.MlflowRepository;
import dev.inflight.mlflow.OnnxFlavor;
import dev.inflight.onnx.OnnxLoader;
import dev.inflight.onnx.OnnxOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** A service follows {@code models:/iris@champion} of a real MLflow server. */
public final class MlflowFlight {
  private MlflowFlight() {}

  /** Takes nothing; {@code MLFLOW_TRACKING_URI} says where the server is. */
  public static void main(String... args) throws Exception {
    var loader =
        MlflowLoader.of(
            OnnxFlavor.loader(
                OnnxLoader.of(Codec.records(Flower.class, Species.class)), OnnxOptions.defaults()));
    RegistryFlight.fly(
        new Registry(
            MlflowRepository.fromEnvironment(),
            loader,
            "champion",
            "1",
            "2",
            () -> moveAlias("2")));
  }

  /** As a colleague would with {@code client.set_registered_model_alias}. */
  private static void moveAlias(String version) throws IOException, InterruptedException {
    URI server = URI.create(System.getenv("MLFLOW_TRACKING_URI"));
    String body = "{\"name\": \"iris\", \"alias\": \"champion\", \"version\": \"" + version + "\"}";
    HttpRequest request =
        HttpRequest.newBuilder(server.resolve("/api/2.0/mlflow/registered-models/alias"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    int status =
        HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.discarding())
            .statusCode();
    if (status != 200) {
      throw new IOException("alias: expected status 200, got " + status);
    }
  }
}
