package dev.inflight.onnx;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How models are loaded: every session setting we allow, and the limits of the checks. There is no
 * way to set anything else, because some settings of ONNX Runtime write files, load libraries or
 * read freed memory.
 *
 * @param intraOpThreads threads inside one operator; 1, because lanes are the parallelism
 * @param interOpThreads operators at once; 1
 * @param optimization how much the graph is rewritten at load
 * @param arena whether freed native memory is kept for the next run
 * @param spinning whether idle threads burn their core; never faster in our measurements
 * @param providers execution providers by name, first choice first: {@code CUDA}, {@code TENSORRT},
 *     {@code COREML}, {@code DNNL}, {@code XNNPACK}; the CPU takes the rest
 * @param outputs to compute; all, if not said
 * @param zeroDimensions whether a tensor may have a dimension of zero; some operators (LSTM, GRU,
 *     TopK, Einsum) kill the JVM on one
 * @param undeclaredRank whether a model may leave an input's rank open; a wrong rank can kill the
 *     JVM
 * @param maxRowBytes the largest row, in bytes
 */
public record OnnxOptions(
    int intraOpThreads,
    int interOpThreads,
    Optimization optimization,
    boolean arena,
    boolean spinning,
    List<String> providers,
    Optional<Set<String>> outputs,
    boolean zeroDimensions,
    boolean undeclaredRank,
    long maxRowBytes) {

  private static final Set<String> PROVIDERS =
      Set.of("CPU", "CUDA", "TENSORRT", "COREML", "DNNL", "XNNPACK");

  /** How much ONNX Runtime rewrites the graph. */
  public enum Optimization {
    /** Not at all. */
    NONE,
    /** Only what keeps the graph portable. */
    BASIC,
    /** Fusions for this processor too. */
    EXTENDED,
    /** Memory layout too. */
    ALL
  }

  /** Checks the values. */
  public OnnxOptions {
    if (intraOpThreads < 1 || interOpThreads < 1) {
      throw new IllegalArgumentException(
          "threads: expected at least 1, got intra-op "
              + intraOpThreads
              + ", inter-op "
              + interOpThreads);
    }
    if (maxRowBytes < 1) {
      throw new IllegalArgumentException("maxRowBytes: expected at least 1, got " + maxRowBytes);
    }
    providers = List.copyOf(providers);
    for (String provider : providers) {
      if (!PROVIDERS.contains(provider)) {
        throw new IllegalArgumentException(
            "execution provider: expected one of " + PROVIDERS + ", got '" + provider + "'");
      }
    }
    outputs = outputs.map(Set::copyOf);
  }

  /** {@return one thread, no spinning, all optimisations, CPU, all checks, rows up to 256 MiB} */
  public static OnnxOptions defaults() {
    return new OnnxOptions(
        1, 1, Optimization.ALL, true, false, List.of(), Optional.empty(), false, false, 256L << 20);
  }

  /** {@return this with that many threads inside one operator} */
  public OnnxOptions withIntraOpThreads(int threads) {
    return new OnnxOptions(
        threads,
        interOpThreads,
        optimization,
        arena,
        spinning,
        providers,
        outputs,
        zeroDimensions,
        undeclaredRank,
        maxRowBytes);
  }

  /** {@return this with that many operators at once} */
  public OnnxOptions withInterOpThreads(int threads) {
    return new OnnxOptions(
        intraOpThreads,
        threads,
        optimization,
        arena,
        spinning,
        providers,
        outputs,
        zeroDimensions,
        undeclaredRank,
        maxRowBytes);
  }

  /** {@return this with another level of optimisation} */
  public OnnxOptions withOptimization(Optimization level) {
    return new OnnxOptions(
        intraOpThreads,
        interOpThreads,
        level,
        arena,
        spinning,
        providers,
        outputs,
        zeroDimensions,
        undeclaredRank,
        maxRowBytes);
  }

  /** {@return this, keeping native memory or not} */
  public OnnxOptions withArena(boolean on) {
    return new OnnxOptions(
        intraOpThreads,
        interOpThreads,
        optimization,
        on,
        spinning,
        providers,
        outputs,
        zeroDimensions,
        undeclaredRank,
        maxRowBytes);
  }

  /** {@return this, spinning or not} */
  public OnnxOptions withSpinning(boolean on) {
    return new OnnxOptions(
        intraOpThreads,
        interOpThreads,
        optimization,
        arena,
        on,
        providers,
        outputs,
        zeroDimensions,
        undeclaredRank,
        maxRowBytes);
  }

  /** {@return this with execution providers} */
  public OnnxOptions withProviders(List<String> names) {
    return new OnnxOptions(
        intraOpThreads,
        interOpThreads,
        optimization,
        arena,
        spinning,
        names,
        outputs,
        zeroDimensions,
        undeclaredRank,
        maxRowBytes);
  }

  /** {@return this, computing only these outputs} */
  public OnnxOptions withOutputs(Set<String> names) {
    return new OnnxOptions(
        intraOpThreads,
        interOpThreads,
        optimization,
        arena,
        spinning,
        providers,
        Optional.of(names),
        zeroDimensions,
        undeclaredRank,
        maxRowBytes);
  }

  /**
   * {@return this, letting zero dimensions through or not} For models that are known to survive
   * them.
   */
  public OnnxOptions withZeroDimensions(boolean allowed) {
    return new OnnxOptions(
        intraOpThreads,
        interOpThreads,
        optimization,
        arena,
        spinning,
        providers,
        outputs,
        allowed,
        undeclaredRank,
        maxRowBytes);
  }

  /**
   * {@return this, letting inputs of undeclared rank through or not} For models that are known to
   * survive any rank.
   */
  public OnnxOptions withUndeclaredRank(boolean allowed) {
    return new OnnxOptions(
        intraOpThreads,
        interOpThreads,
        optimization,
        arena,
        spinning,
        providers,
        outputs,
        zeroDimensions,
        allowed,
        maxRowBytes);
  }

  /** {@return this with another limit for one row} */
  public OnnxOptions withMaxRowBytes(long bytes) {
    return new OnnxOptions(
        intraOpThreads,
        interOpThreads,
        optimization,
        arena,
        spinning,
        providers,
        outputs,
        zeroDimensions,
        undeclaredRank,
        bytes);
  }
}
