package dev.inflight.onnx;

/**
 * What ONNX-ML operators do to scores at the end, rounding where ONNX Runtime rounds: to {@code
 * float}, whatever the type of the model.
 */
enum Transform {
  NONE {
    @Override
    void apply(double[] scores, boolean single) {}
  },
  LOGISTIC {
    @Override
    void apply(double[] scores, boolean single) {
      for (int i = 0; i < scores.length; i++) {
        scores[i] = logistic((float) scores[i]);
      }
    }
  },
  SOFTMAX {
    @Override
    void apply(double[] scores, boolean single) {
      float greatest = greatest(scores);
      float sum = 0;
      for (int i = 0; i < scores.length; i++) {
        float e = exp((float) scores[i] - greatest);
        scores[i] = e;
        sum += e;
      }
      for (int i = 0; i < scores.length; i++) {
        scores[i] = (float) scores[i] / sum;
      }
    }
  },
  /** As softmax, but a score of zero is not one of those that are summed. */
  SOFTMAX_ZERO {
    @Override
    void apply(double[] scores, boolean single) {
      float greatest = greatest(scores);
      float zero = exp(-greatest);
      float sum = 0;
      for (int i = 0; i < scores.length; i++) {
        float score = (float) scores[i];
        if (score > ALMOST_ZERO || score < -ALMOST_ZERO) {
          float e = exp(score - greatest);
          scores[i] = e;
          sum += e;
        } else {
          scores[i] = single ? (float) (scores[i] * zero) : scores[i] * zero;
        }
      }
      for (int i = 0; i < scores.length; i++) {
        scores[i] = single ? (float) (scores[i] / sum) : scores[i] / sum;
      }
    }
  };

  private static final float ALMOST_ZERO = 0.0000001f;

  /** Powers of two between 1 and 2 in steps of the 32nd root, as bits. */
  private static final long[] ROOTS = roots();

  private static final int STEPS = 32;
  private static final double STEPS_PER_E = STEPS / 0.6931471805599453;

  /*
   * The cubic that glibc's expf (2.27 and newer) and ARM's optimized routines take for 2^(r/32), |r| <= 1/2: as long as these
   * coefficients are theirs, so are the bits, because nothing but the last step rounds to float.
   */
  private static final double C0 = 0x1.c6af84b912394p-5 / STEPS / STEPS / STEPS;
  private static final double C1 = 0x1.ebfce50fac4f3p-3 / STEPS / STEPS;
  private static final double C2 = 0x1.62e42ff0c52d6p-1 / STEPS;

  /** Beyond these, a float is infinite, or zero. */
  private static final float MOST = 89;

  private static final float LEAST = -104;

  /**
   * Each score becomes that of its class or target.
   *
   * @param single whether scores are {@code float}
   */
  abstract void apply(double[] scores, boolean single);

  /**
   * @throws UncompilableException if it is not one of these: PROBIT, which no converter writes
   */
  static Transform of(String name) {
    return switch (name) {
      case "NONE" -> NONE;
      case "LOGISTIC" -> LOGISTIC;
      case "SOFTMAX" -> SOFTMAX;
      case "SOFTMAX_ZERO" -> SOFTMAX_ZERO;
      default -> throw new UncompilableException("post_transform " + name);
    };
  }

  private static long[] roots() {
    long[] roots = new long[STEPS];
    for (int i = 0; i < STEPS; i++) {
      roots[i] = Double.doubleToRawLongBits(StrictMath.pow(2, (double) i / STEPS));
    }
    return roots;
  }

  private static float greatest(double[] scores) {
    float greatest = -Float.MAX_VALUE;
    for (double score : scores) {
      if ((float) score > greatest) {
        greatest = (float) score;
      }
    }
    return greatest;
  }

  static float logistic(float score) {
    float of = 1 / (1 + exp(-Math.abs(score)));
    return score < 0 ? 1 - of : of;
  }

  /** The C library's {@code expf}. */
  static float exp(float x) {
    if (x > MOST) {
      return Float.POSITIVE_INFINITY;
    }
    if (x < LEAST) {
      return 0;
    }
    double steps = x * STEPS_PER_E;
    double whole = Math.rint(steps);
    double rest = steps - whole;
    int k = (int) whole;
    double power = Double.longBitsToDouble(ROOTS[k & (STEPS - 1)] + ((long) (k >> 5) << 52));
    return (float) (((C0 * rest + C1) * (rest * rest) + (C2 * rest + 1)) * power);
  }
}
