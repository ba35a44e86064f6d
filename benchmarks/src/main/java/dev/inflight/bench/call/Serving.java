package dev.inflight.bench.call;

import dev.inflight.Codec;
import dev.inflight.InferenceListener;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.Predictor;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.micrometer.InflightMetrics;
import dev.inflight.onnx.OnnxLoader;
import dev.inflight.onnx.OnnxOptions;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Tensors;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Ours, opened as a user opens it, on lanes of its own.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class Serving<I, O> implements AutoCloseable {
  private final Lanes lanes;
  private final ModelSlot<I, O> slot;

  Serving(Model<I, O> model, int lanes) {
    this.lanes = Lanes.of(lanes);
    slot = ModelSlot.of(model, this.lanes);
  }

  /** {@return rows and answers of {@code float[]}} */
  public static Serving<float[], float[]> codec(BenchModel model, int lanes) throws IOException {
    return new Serving<>(model(model), lanes);
  }

  /** {@return a version of it, loaded} */
  public static Model<float[], float[]> model(BenchModel model) throws IOException {
    return OnnxLoader.of(floats(model)).withOptions(options(model)).load(artifact(model));
  }

  /** {@return the same, evaluated in Java} Not for models that only ONNX Runtime runs. */
  public static Serving<float[], float[]> compiled(BenchModel model, int lanes) throws IOException {
    Model<float[], float[]> loaded =
        OnnxLoader.of(floats(model))
            .withOptions(options(model).withCompiled(true))
            .load(artifact(model));
    if (!loaded.info().runtime().startsWith("compiled ")) {
      loaded.close();
      throw new IllegalArgumentException(model.name() + " is not compiled");
    }
    return new Serving<>(loaded, lanes);
  }

  /** {@return rows and answers of tensors} */
  public static Serving<Tensors, Tensors> tensors(BenchModel model, int lanes) throws IOException {
    return new Serving<>(
        OnnxLoader.tensors().withOptions(options(model)).load(artifact(model)), lanes);
  }

  private static OnnxOptions options(BenchModel model) {
    return OnnxOptions.defaults().withOutputs(Set.of(model.output()));
  }

  private static ModelArtifact artifact(BenchModel model) throws IOException {
    return ModelArtifact.of("bench", "1", TemporaryModel.write("model.onnx", model.bytes()));
  }

  /** {@return the predictor} */
  public Predictor<I, O> predictor() {
    return slot.predictor();
  }

  /** Adds a listener that does nothing. */
  public void listen() {
    var unused = slot.listen(new InferenceListener() {});
  }

  /** {@return what ends it} */
  AutoCloseable scrapeEverySecond() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    InflightMetrics meters = InflightMetrics.of(slot);
    meters.bindTo(registry);
    ScheduledExecutorService scraper = Executors.newSingleThreadScheduledExecutor();
    var unused = scraper.scheduleAtFixedRate(registry::scrape, 1, 1, TimeUnit.SECONDS);
    return () -> {
      scraper.shutdownNow();
      meters.close();
    };
  }

  @Override
  public void close() {
    slot.close();
    lanes.close();
  }

  private static Codec<float[], float[]> floats(BenchModel model) {
    return (artifact, signature) -> {
      int x = signature.input(model.input());
      int y = signature.output(model.output());
      return new Codec.Bound<float[], float[]>() {
        @Override
        public void encode(float[] row, RowWriter writer) {
          writer.floats(x).put(row);
        }

        @Override
        public float[] decode(RowReader reader) {
          float[] answer = new float[reader.elements(y)];
          reader.floats(y).get(answer);
          return answer;
        }
      };
    };
  }
}
