package dev.inflight.bench.call;

import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.Cycle;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jpmml.evaluator.Computable;
import org.jpmml.evaluator.Evaluator;
import org.jpmml.evaluator.LoadingModelEvaluatorBuilder;

/** JPMML: a map of the fields in, a map of the results out, one row at a time. */
public final class PmmlVariants {
  private PmmlVariants() {}

  /** The fields are {@code f0}, {@code f1}, ...; {@code result} is read. */
  public static Variant of(String pmml, String result, BenchModel rows) throws Exception {
    Evaluator evaluator =
        new LoadingModelEvaluatorBuilder()
            .load(new ByteArrayInputStream(pmml.getBytes(StandardCharsets.UTF_8)))
            .build()
            .verify();
    String[] names = new String[rows.inWidth()];
    for (int i = 0; i < names.length; i++) {
      names[i] = "f" + i;
    }
    Cycle<float[]> cycle = new Cycle<>(rows.rows());
    return () -> {
      float[] row = cycle.next();
      Map<String, Object> arguments = new HashMap<>(2 * row.length);
      for (int i = 0; i < row.length; i++) {
        arguments.put(names[i], row[i]);
      }
      Object value = evaluator.evaluate(arguments).get(result);
      if (value instanceof Computable computable) {
        value = computable.getResult();
      }
      if (!(value instanceof Number number)) {
        throw new IllegalStateException(result + ": expected a number, got " + value);
      }
      return number.floatValue();
    };
  }
}
