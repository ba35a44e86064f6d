package dev.inflight.tribuo;

import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.Outcome;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A model whose rows are Tribuo's own: nothing to encode. Tribuo's predict is safe for several
 * threads.
 */
record NativeModel<I, O>(ModelInfo info, Function<I, O> predict) implements Model<I, O> {
  @Override
  public Runner<I, O> newRunner(Lane lane) {
    return new Runner<>() {
      @Override
      public List<Outcome<O>> run(List<? extends I> rows) {
        List<Outcome<O>> outcomes = new ArrayList<>(rows.size());
        for (I row : rows) {
          try {
            outcomes.add(Outcome.of(predict.apply(row)));
          } catch (IllegalArgumentException e) {
            // Tribuo says so of a row without any known feature, or with NaN.
            outcomes.add(
                Outcome.failed(
                    new InvalidInputException(info.label() + ": row refused by Tribuo", e)));
          } catch (RuntimeException e) {
            outcomes.add(
                Outcome.failed(
                    new PredictionFailedException(
                        info.label() + ": no answer for this row: " + e, e)));
          }
        }
        return outcomes;
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {}
}
