package dev.inflight.examples.spring;

import dev.inflight.CallOptions;
import dev.inflight.Codec;
import dev.inflight.ModelLoader;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import dev.inflight.onnx.OnnxLoader;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** {@code POST /species} says which iris a flower is. */
@SpringBootApplication
public class FlowerApplication {
  record Flower(float sepalLength, float sepalWidth, float petalLength, float petalWidth) {}

  record Species(String label, float probability) {}

  record Answer(Species species, String version) {}

  /** Starts it. */
  public static void main(String... args) {
    SpringApplication.run(FlowerApplication.class, args);
  }

  @Bean
  ModelLoader<Flower, Species> flowers() {
    return OnnxLoader.of(Codec.records(Flower.class, Species.class));
  }

  @RestController
  static class Flowers {
    private final Predictor<Flower, Species> iris;

    Flowers(@Qualifier("iris") Predictor<Flower, Species> iris) {
      this.iris = iris;
    }

    @PostMapping("/species")
    Answer species(@RequestBody Flower flower) {
      Prediction<Species> prediction = iris.call(flower, CallOptions.defaults());
      return new Answer(prediction.value(), prediction.model().version());
    }
  }
}
