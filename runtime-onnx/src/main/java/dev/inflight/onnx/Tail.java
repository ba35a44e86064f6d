package dev.inflight.onnx;

import dev.inflight.onnx.Answer.Step;
import dev.inflight.tensor.DataType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that converters put behind the operator: identities, casts to the type there is, a
 * factor, a normalizer, a ZipMap.
 */
final class Tail {
  /** Values by their names in the graph. */
  private final Map<String, Answer> values = new HashMap<>();

  private final Map<String, double[]> weights;

  /**
   * @param first what the operator gives, by name
   */
  Tail(Map<String, Answer> first, Map<String, double[]> weights) {
    values.putAll(first);
    this.weights = weights;
  }

  /** Null if there is no such value. */
  @Nullable Answer value(String name) {
    return values.get(name);
  }

  /**
   * Goes through one more node.
   *
   * @throws UncompilableException if it is another kind of node
   */
  void follow(OnnxNode node) {
    Answer after = null;
    if (node.domain().isEmpty() && node.type().equals("Mul") && node.inputs().size() == 2) {
      after = product(node.inputs().get(0), node.inputs().get(1));
      after = after == null ? product(node.inputs().get(1), node.inputs().get(0)) : after;
    } else if (node.inputs().size() == 1 && values.containsKey(node.inputs().get(0))) {
      after = after(node, Objects.requireNonNull(values.get(node.inputs().get(0))));
    }
    if (after == null || node.outputs().size() != 1) {
      throw new UncompilableException("a node " + node.type());
    }
    values.put(node.outputs().get(0), after);
  }

  private static @Nullable Answer after(OnnxNode node, Answer before) {
    if (node.domain().isEmpty()) {
      return switch (node.type()) {
        case "Identity" -> before;
        case "Cast" -> type(before) == node.castsTo() ? before : null;
        default -> null;
      };
    }
    if (!(before instanceof Answer.Scores scores) || scores.wide()) {
      return null;
    }
    if (node.is("Normalizer")) {
      return with(scores, norm(node.text("norm", "MAX")));
    }
    if (node.is("ZipMap")) {
      List<String> texts = node.texts("classlabels_strings");
      List<?> keys = texts.isEmpty() ? Compiler.boxed(node.integers("classlabels_int64s")) : texts;
      return keys.size() == scores.count() ? new Answer.Maps(keys, scores.steps()) : null;
    }
    return null;
  }

  private static @Nullable DataType type(Answer answer) {
    if (answer instanceof Answer.Scores scores) {
      return scores.wide() ? DataType.FLOAT64 : DataType.FLOAT32;
    }
    return answer instanceof Answer.Numbers
        ? DataType.INT64
        : answer instanceof Answer.Texts ? DataType.STRING : null;
  }

  /** Null if the two are no scores and a factor. */
  private @Nullable Answer product(String value, String weight) {
    double[] factor = weights.get(weight);
    if (!(values.get(value) instanceof Answer.Scores scores)
        || scores.wide()
        || factor == null
        || factor.length != 1) {
      return null;
    }
    float by = (float) factor[0];
    return with(
        scores,
        row -> {
          for (int i = 0; i < row.length; i++) {
            row[i] = (float) row[i] * by;
          }
        });
  }

  private static Answer with(Answer.Scores scores, Step step) {
    List<Step> steps = new ArrayList<>(scores.steps());
    steps.add(step);
    return new Answer.Scores(scores.count(), scores.wide(), List.copyOf(steps));
  }

  private static Step norm(String norm) {
    return switch (norm) {
      case "MAX" -> Tail::byGreatest;
      case "L1" -> Tail::bySum;
      default -> throw new UncompilableException("a Normalizer " + norm);
    };
  }

  private static void byGreatest(double[] row) {
    float greatest = -Float.MAX_VALUE;
    for (double value : row) {
      greatest = greatest < (float) value ? (float) value : greatest;
    }
    divide(row, greatest);
  }

  private static void bySum(double[] row) {
    float sum = 0;
    for (double value : row) {
      sum += (float) Math.abs(value);
    }
    divide(row, sum);
  }

  private static void divide(double[] row, float by) {
    for (int i = 0; i < row.length && by != 0; i++) {
      row[i] = (float) row[i] / by;
    }
  }
}
