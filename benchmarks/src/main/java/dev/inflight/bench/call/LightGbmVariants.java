package dev.inflight.bench.call;

import com.microsoft.ml.lightgbm.PredictionType;
import dev.inflight.bench.model.Batch;
import dev.inflight.bench.model.Cycle;
import io.github.metarank.lightgbm4j.LGBMBooster;
import io.github.metarank.lightgbm4j.LGBMException;
import java.util.List;

/** LightGBM's own library through LightGBM4J, one thread. */
public final class LightGbmVariants {
  private LightGbmVariants() {}

  /** A model in LightGBM's text format. */
  public static Variant of(String text, List<Batch> batches) throws LGBMException {
    LGBMBooster booster = LGBMBooster.loadModelFromString(text);
    Cycle<Batch> cycle = new Cycle<>(batches);
    int rows = batches.get(0).rows.length;
    int width = batches.get(0).rows[0].length;
    PredictionType raw = PredictionType.C_API_PREDICT_RAW_SCORE;
    return new Variant() {
      @Override
      public float call() throws LGBMException {
        float[] flat = cycle.next().flat;
        return (float)
            (rows == 1
                ? booster.predictForMatSingleRow(flat, raw)
                : booster.predictForMat(flat, rows, width, true, raw, "num_threads=1")[0]);
      }

      @Override
      public void close() throws LGBMException {
        booster.close();
      }
    };
  }
}
