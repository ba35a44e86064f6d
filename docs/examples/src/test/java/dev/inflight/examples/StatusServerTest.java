package dev.inflight.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.inflight.Codec;
import dev.inflight.deploy.Deployment;
import dev.inflight.onnx.OnnxLoader;
import dev.inflight.repository.DirectoryRepository;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusServerTest {
  record Flower(float sepalLength, float sepalWidth, float petalLength, float petalWidth) {}

  record Species(String label, float probability) {}

  @Test
  void server_ofTheIrisModel_servesThePageAndTheJson(@TempDir Path models) throws Exception {
    Path root = Path.of(System.getProperty("inflight.root"));
    Path version = Files.createDirectories(models.resolve("iris/1"));
    Files.copy(root.resolve("testmodels/onnx/logistic/model.onnx"), version.resolve("model.onnx"));

    try (var iris =
        Deployment.of(
                "iris",
                DirectoryRepository.at(models),
                OnnxLoader.of(Codec.records(Flower.class, Species.class)))
            .start()) {
      HttpServer server = StatusServer.start(0, iris);
      try {
        iris.predictor().predict(new Flower(5.1f, 3.5f, 1.4f, 0.2f));

        HttpResponse<String> page = get(server, "/");
        HttpResponse<String> json = get(server, "/json");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(page.body()).contains("iris", "v1 live", "onnxruntime");
        assertThat(json.body()).contains("\"name\":\"iris\"", "\"state\":\"LIVE\"");
      } finally {
        server.stop(0);
      }
    }
  }

  private static HttpResponse<String> get(HttpServer server, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }
}
