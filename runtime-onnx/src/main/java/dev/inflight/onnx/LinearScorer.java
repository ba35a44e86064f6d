package dev.inflight.onnx;

/**
 * A linear model. ONNX Runtime leaves the products to its matrix library, which adds them in
 * another order for one row than for several, and on another processor; here it is the order for
 * one row on x86-64 with AVX: eight sums side by side, taken together in a way that depends on the
 * target's place. On other processors the check at load finds a difference.
 */
final class LinearScorer implements Scorer {
  private static final int LANES = 8;

  /** From five classes on, softmax is the matrix library's own, with an exponential of its own. */
  private static final int MOST_SOFTMAX = 4;

  /*
   * The rational approximation of the matrix library, which has it from Eigen: odd powers over even ones, within [-18, 18].
   */
  private static final float BOUND = 18;

  private static final float[] ODD = {
    4.37031e-11f, 1.1562732e-7f, 6.085749e-5f, 8.513771e-3f, 2.4828795e-1f
  };
  private static final float[] EVEN = {
    6.1024737e-13f, 5.7610214e-9f, 6.291068e-6f, 1.7019882e-3f, 1.1681765e-1f, 9.931519e-1f
  };

  private final float[] coefficients;
  private final float[] intercepts;
  private final int columns;
  private final int targets;
  private final Transform transform;
  private final boolean secondClass;

  /**
   * @param coefficients a row a target
   * @param intercepts one a target
   * @param secondClass whether the one target is the second of two classes
   */
  LinearScorer(
      double[] coefficients,
      double[] intercepts,
      int columns,
      Transform transform,
      boolean secondClass) {
    this.coefficients = floats(coefficients);
    this.intercepts = floats(intercepts);
    this.columns = columns;
    this.transform = transform;
    this.secondClass = secondClass;
    targets = intercepts.length;
    if (targets == 0 || coefficients.length != targets * columns) {
      throw new UncompilableException(coefficients.length + " coefficients of " + targets);
    }
    boolean own = transform == Transform.SOFTMAX && targets > MOST_SOFTMAX;
    boolean alone = targets == 1 && !secondClass && transform != Transform.NONE;
    if (own || alone) {
      throw new UncompilableException(transform + " of " + targets + " targets");
    }
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  @Override
  public int scores() {
    return secondClass ? 2 : targets;
  }

  @Override
  public int score(Scratch scratch) {
    double[] scores = scratch.scores;
    for (int target = 0; target < targets; target++) {
      scores[target] = product(scratch.row, target) + intercepts[target];
    }
    if (secondClass) {
      boolean positive = scores[0] > 0;
      float score = (float) scores[0];
      boolean logistic = transform == Transform.LOGISTIC;
      scores[0] = logistic ? Transform.logistic(-score) : 1 - score;
      scores[1] = logistic ? Transform.logistic(score) : score;
      return positive ? 1 : 0;
    }
    int winner = 0;
    for (int target = 1; target < targets; target++) {
      if (scores[target] > scores[winner]) {
        winner = target;
      }
    }
    transform(scores);
    return winner;
  }

  private void transform(double[] scores) {
    if (transform == Transform.LOGISTIC) {
      for (int i = 0; i < scores.length; i++) {
        scores[i] = logistic((float) scores[i]);
      }
    } else {
      transform.apply(scores, true);
    }
  }

  private float product(double[] row, int target) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    float e = 0;
    float f = 0;
    float g = 0;
    float h = 0;
    int at = target * columns;
    int column = 0;
    for (; column + LANES <= columns; column += LANES, at += LANES) {
      a += (float) row[column] * coefficients[at];
      b += (float) row[column + 1] * coefficients[at + 1];
      c += (float) row[column + 2] * coefficients[at + 2];
      d += (float) row[column + 3] * coefficients[at + 3];
      e += (float) row[column + 4] * coefficients[at + 4];
      f += (float) row[column + 5] * coefficients[at + 5];
      g += (float) row[column + 6] * coefficients[at + 6];
      h += (float) row[column + 7] * coefficients[at + 7];
    }
    int rest = columns - column;
    a += rest > 0 ? (float) row[column] * coefficients[at] : 0;
    b += rest > 1 ? (float) row[column + 1] * coefficients[at + 1] : 0;
    c += rest > 2 ? (float) row[column + 2] * coefficients[at + 2] : 0;
    d += rest > 3 ? (float) row[column + 3] * coefficients[at + 3] : 0;
    e += rest > 4 ? (float) row[column + 4] * coefficients[at + 4] : 0;
    f += rest > 5 ? (float) row[column + 5] * coefficients[at + 5] : 0;
    g += rest > 6 ? (float) row[column + 6] * coefficients[at + 6] : 0;
    int fours = targets / 4 * 4;
    if (target < fours) {
      return (((a + b) + c) + d) + (((e + f) + g) + h);
    }
    if (targets - fours >= 2 && target < fours + 2) {
      return ((a + c) + (e + g)) + ((b + d) + (f + h));
    }
    return ((a + b) + (c + d)) + ((e + f) + (g + h));
  }

  /** {@return nearly {@code 1 / (1 + exp(-score))}; below 0.5 ulp it is 0} */
  private static float logistic(float score) {
    float x = score < -BOUND ? -BOUND : score > BOUND ? BOUND : score;
    float square = x * x;
    float p = x * polynomial(ODD, square);
    float of = p / polynomial(EVEN, square) + 0.5f;
    return of < 0 ? 0 : of;
  }

  private static float polynomial(float[] coefficients, float x) {
    float sum = coefficients[0];
    for (int i = 1; i < coefficients.length; i++) {
      sum = Math.fma(sum, x, coefficients[i]);
    }
    return sum;
  }
}
