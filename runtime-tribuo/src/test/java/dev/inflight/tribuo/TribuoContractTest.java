package dev.inflight.tribuo;

import dev.inflight.Codec;
import dev.inflight.ModelLoader;
import dev.inflight.testkit.BackendContract;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

class TribuoContractTest
    extends BackendContract<TribuoContractTest.Flower, TribuoContractTest.Species> {
  record Flower(double sepalLength, double sepalWidth, double petalLength, double petalWidth) {}

  record Species(String label, double probability) {}

  @Override
  protected ModelLoader<Flower, Species> loader() {
    return TribuoLoader.of(Codec.records(Flower.class, Species.class));
  }

  @Override
  protected Path modelDirectory() {
    return Path.of(System.getProperty("inflight.root"), "testmodels/tribuo/iris-logistic");
  }

  @Override
  protected List<Flower> rows() {
    return List.of(
        new Flower(5.1, 3.5, 1.4, 0.2),
        new Flower(6.0, 2.7, 4.2, 1.3),
        new Flower(6.9, 3.1, 5.8, 2.1));
  }

  @Override
  protected Optional<Flower> invalidRow() {
    return Optional.of(new Flower(Double.POSITIVE_INFINITY, 3.5, 1.4, 0.2));
  }

  @Override
  protected Optional<Flower> nanRow() {
    return Optional.of(new Flower(Double.NaN, 3.5, 1.4, 0.2));
  }
}
