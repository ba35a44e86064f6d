package dev.inflight.bench.call;

import dev.inflight.Predictor;
import dev.inflight.bench.model.Batch;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.Cycle;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.io.IOException;
import java.util.List;

/** Ours, through the predictor a user has. */
public final class InflightVariants {
  /** A slot looks at it when it is made. */
  private static final String STATISTICS = "inflight.statistics";

  private InflightVariants() {}

  /** One {@code float[]} through a codec. */
  public static Variant codec(BenchModel model) throws IOException {
    return one(model, Serving.codec(model, 1));
  }

  /** As {@link #codec}, evaluated in Java: models of one ONNX-ML operator only. */
  public static Variant compiled(BenchModel model) throws IOException {
    return one(model, Serving.compiled(model, 1));
  }

  /** As {@link #codec} with a listener on the slot. */
  public static Variant codecWithListener(BenchModel model) throws IOException {
    Serving<float[], float[]> serving = Serving.codec(model, 1);
    serving.listen();
    return one(model, serving);
  }

  /** As {@link #codec}, on a slot that counts nothing. Not while another slot is made. */
  public static Variant codecWithoutStatistics(BenchModel model) throws IOException {
    System.setProperty(STATISTICS, "off");
    try {
      return codec(model);
    } finally {
      System.clearProperty(STATISTICS);
    }
  }

  /** As {@link #codec}, with meters that Prometheus scrapes every second. */
  public static Variant codecWatched(BenchModel model) throws IOException {
    Serving<float[], float[]> serving = Serving.codec(model, 1);
    AutoCloseable scraping = serving.scrapeEverySecond();
    Variant calls = one(model, serving);
    return new Variant() {
      @Override
      public float call() throws Exception {
        return calls.call();
      }

      @Override
      public void close() throws Exception {
        scraping.close();
        calls.close();
      }
    };
  }

  private static Variant one(BenchModel model, Serving<float[], float[]> serving) {
    Predictor<float[], float[]> predictor = serving.predictor();
    Cycle<float[]> cycle = new Cycle<>(model.rows());
    return new Variant() {
      @Override
      public float call() {
        return predictor.predict(cycle.next())[0];
      }

      @Override
      public void close() {
        serving.close();
      }
    };
  }

  /** A list of {@code float[]} through a codec. */
  public static Variant codecList(BenchModel model, List<Batch> batches) throws IOException {
    return list(Serving.codec(model, 1), batches);
  }

  /** As {@link #codecList}, evaluated in Java. */
  public static Variant compiledList(BenchModel model, List<Batch> batches) throws IOException {
    return list(Serving.compiled(model, 1), batches);
  }

  private static Variant list(Serving<float[], float[]> serving, List<Batch> batches) {
    Predictor<float[], float[]> predictor = serving.predictor();
    Cycle<Batch> cycle = new Cycle<>(batches);
    return new Variant() {
      @Override
      public float call() {
        return predictor.predictAll(cycle.next().list).get(0)[0];
      }

      @Override
      public void close() {
        serving.close();
      }
    };
  }

  /** A batch as one tensor. */
  public static Variant tensors(BenchModel model, List<Batch> batches) throws IOException {
    Serving<Tensors, Tensors> serving = Serving.tensors(model, 1);
    Predictor<Tensors, Tensors> predictor = serving.predictor();
    long[] shape = model.shape(batches.get(0).rows.length);
    Cycle<Batch> cycle = new Cycle<>(batches);
    return new Variant() {
      @Override
      public float call() {
        return predictor
            .predict(Tensors.of(model.input(), Tensor.of(cycle.next().flat, shape)))
            .tensor(model.output())
            .floats()
            .get(0);
      }

      @Override
      public void close() {
        serving.close();
      }
    };
  }
}
