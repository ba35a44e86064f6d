package dev.inflight.bench.call;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.inflight.bench.model.Batch;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.Cycle;
import java.nio.FloatBuffer;
import java.util.List;

/** DJL three ways. */
public final class DjlVariants {
  private DjlVariants() {}

  /** A translator of one {@code float[]} of all rows, without a batchifier. */
  public static Variant whole(BenchModel model, List<Batch> batches) throws Exception {
    DjlModel djl = new DjlModel(model);
    Predictor<float[], float[]> predictor = djl.predictor(batches.get(0).rows.length);
    Cycle<Batch> cycle = new Cycle<>(batches);
    return variant(djl, predictor, () -> predictor.predict(cycle.next().flat)[0]);
  }

  /** DJL's own NoopTranslator, the arrays made and freed by the caller. */
  public static Variant noop(BenchModel model, List<Batch> batches) throws Exception {
    DjlModel djl = new DjlModel(model);
    Predictor<NDList, NDList> predictor = djl.arrays();
    Shape shape = new Shape(model.shape(batches.get(0).rows.length));
    Cycle<Batch> cycle = new Cycle<>(batches);
    return variant(
        djl,
        predictor,
        () -> {
          try (NDManager manager = djl.manager().newSubManager()) {
            NDList rows = new NDList(manager.create(FloatBuffer.wrap(cycle.next().flat), shape));
            try (NDList answer = predictor.predict(rows)) {
              return DjlModel.output(answer, model.output())[0];
            }
          }
        });
  }

  /**
   * {@code batchPredict} of single rows. DJL's batchifiers need an operation that its ONNX Runtime
   * engine does not have, so each row is a run of its own.
   */
  public static Variant rows(BenchModel model, List<Batch> batches) throws Exception {
    DjlModel djl = new DjlModel(model);
    Predictor<float[], float[]> predictor = djl.predictor(1);
    Cycle<Batch> cycle = new Cycle<>(batches);
    return variant(djl, predictor, () -> predictor.batchPredict(cycle.next().list).get(0)[0]);
  }

  private static Variant variant(DjlModel djl, Predictor<?, ?> predictor, Variant call) {
    return new Variant() {
      @Override
      public float call() throws Exception {
        return call.call();
      }

      @Override
      public void close() {
        predictor.close();
        djl.close();
      }
    };
  }
}
