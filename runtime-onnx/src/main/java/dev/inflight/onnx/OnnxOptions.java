package dev.inflight.onnx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

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
 * @param fixedBatch whether the number in dimension 0 that every input and output declares is a
 *     number of rows: a model exported for exactly 8 rows; for codecs
 * @param padding inputs whose rows may differ in size, and what fills the shorter ones up when they
 *     share a run; for codecs
 * @param compiled whether a model of one tree or linear operator is evaluated in Java where its
 *     answers are ONNX Runtime's own to the last bit
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
    long maxRowBytes,
    boolean fixedBatch,
    Map<String, Double> padding,
    boolean compiled) {

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
    padding = Map.copyOf(padding);
  }

  /** {@return one thread, no spinning, all optimisations, CPU, all checks, rows up to 256 MiB} */
  public static OnnxOptions defaults() {
    return new OnnxOptions(
        1,
        1,
        Optimization.ALL,
        true,
        false,
        List.of(),
        Optional.empty(),
        false,
        false,
        256L << 20,
        false,
        Map.of(),
        false);
  }

  /** The same components, to change some of. */
  private static final class Draft {
    int intraOpThreads;
    int interOpThreads;
    Optimization optimization;
    boolean arena;
    boolean spinning;
    List<String> providers;
    Optional<Set<String>> outputs;
    boolean zeroDimensions;
    boolean undeclaredRank;
    long maxRowBytes;
    boolean fixedBatch;
    Map<String, Double> padding;
    boolean compiled;

    Draft(OnnxOptions from) {
      intraOpThreads = from.intraOpThreads;
      interOpThreads = from.interOpThreads;
      optimization = from.optimization;
      arena = from.arena;
      spinning = from.spinning;
      providers = from.providers;
      outputs = from.outputs;
      zeroDimensions = from.zeroDimensions;
      undeclaredRank = from.undeclaredRank;
      maxRowBytes = from.maxRowBytes;
      fixedBatch = from.fixedBatch;
      padding = from.padding;
      compiled = from.compiled;
    }
  }

  private OnnxOptions with(Consumer<Draft> change) {
    Draft d = new Draft(this);
    change.accept(d);
    return new OnnxOptions(
        d.intraOpThreads,
        d.interOpThreads,
        d.optimization,
        d.arena,
        d.spinning,
        d.providers,
        d.outputs,
        d.zeroDimensions,
        d.undeclaredRank,
        d.maxRowBytes,
        d.fixedBatch,
        d.padding,
        d.compiled);
  }

  /** {@return this with that many threads inside one operator} */
  public OnnxOptions withIntraOpThreads(int threads) {
    return with(d -> d.intraOpThreads = threads);
  }

  /** {@return this with that many operators at once} */
  public OnnxOptions withInterOpThreads(int threads) {
    return with(d -> d.interOpThreads = threads);
  }

  /** {@return this with another level of optimisation} */
  public OnnxOptions withOptimization(Optimization level) {
    return with(d -> d.optimization = level);
  }

  /** {@return this, keeping native memory or not} */
  public OnnxOptions withArena(boolean on) {
    return with(d -> d.arena = on);
  }

  /** {@return this, spinning or not} */
  public OnnxOptions withSpinning(boolean on) {
    return with(d -> d.spinning = on);
  }

  /** {@return this with execution providers} */
  public OnnxOptions withProviders(List<String> names) {
    return with(d -> d.providers = names);
  }

  /** {@return this, computing only these outputs} */
  public OnnxOptions withOutputs(Set<String> names) {
    return with(d -> d.outputs = Optional.of(names));
  }

  /**
   * {@return this, letting zero dimensions through or not} For models that are known to survive
   * them.
   */
  public OnnxOptions withZeroDimensions(boolean allowed) {
    return with(d -> d.zeroDimensions = allowed);
  }

  /**
   * {@return this, letting inputs of undeclared rank through or not} For models that are known to
   * survive any rank.
   */
  public OnnxOptions withUndeclaredRank(boolean allowed) {
    return with(d -> d.undeclaredRank = allowed);
  }

  /** {@return this with another limit for one row} */
  public OnnxOptions withMaxRowBytes(long bytes) {
    return with(d -> d.maxRowBytes = bytes);
  }

  /**
   * {@return this, taking the fixed dimension 0 of every input and output as rows or not} A codec
   * then writes and reads one row of, say, 8; runs of fewer are filled up with copies of the last
   * row, whose answers are dropped. A signature cannot say whether {@code [8, 10]} is eight rows or
   * one row of 8 x 10; without this it is one.
   */
  public OnnxOptions withFixedBatch(boolean rows) {
    return with(d -> d.fixedBatch = rows);
  }

  /**
   * {@return this, filling up the shorter rows of an input with {@code value}} Only for models that
   * answer a row filled up like the row itself, for example because they are given a mask, which is
   * another input, filled up with 0. Without it, rows of different sizes do not share a run.
   */
  public OnnxOptions withPadding(String input, double value) {
    Map<String, Double> more = new HashMap<>(padding);
    more.put(input, value);
    return with(d -> d.padding = more);
  }

  /**
   * {@return this, compiling models of one ONNX-ML operator at load or not} TreeEnsembleRegressor,
   * TreeEnsembleClassifier, TreeEnsemble, LinearRegressor and LinearClassifier are then evaluated
   * from flat arrays, without ONNX Runtime's run, if some hundred rows give the same bits both ways
   * at load; a WARN says where they do not. ONNX Runtime still loads every model, and answers for
   * all others. {@code ModelInfo.runtime()} says which of the two runs.
   */
  public OnnxOptions withCompiled(boolean on) {
    return with(d -> d.compiled = on);
  }
}
