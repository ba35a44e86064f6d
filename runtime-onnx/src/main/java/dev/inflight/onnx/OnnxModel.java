package dev.inflight.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session and everything that must outlive it; or, of a compiled model, what replaced it.
 *
 * <p>Invariant: what was opened is closed in reverse order, once: session, then the weights it
 * reads, then its settings.
 */
final class OnnxModel {
  private static final Logger log = LoggerFactory.getLogger(OnnxModel.class);

  private final OnnxGraph graph;
  private final Signature signature;
  private final OnnxOptions options;
  private final OrtEnvironment environment;
  private final @Nullable OrtSession session;
  private final Optional<Compiled> compiled;
  private final List<AutoCloseable> opened;
  private final long memoryBytes;
  private final ModelInfo info;
  private final RowCheck check;
  private final Set<String> outputNames;

  /** The rows of every run, if the file fixes them and the options say that they are rows; or 0. */
  private final int fixedBatch;

  private final boolean batched;

  private final boolean joinsTensors;

  /** Falls to 1 once an output turned out not to have one entry a row. */
  private volatile int maxBatch;

  /** Set once an output turned out not to follow the rows: from then on no output is pinned. */
  private volatile boolean unpredictable;

  OnnxModel(
      ModelArtifact artifact,
      OnnxGraph graph,
      Signature signature,
      OnnxOptions options,
      OrtEnvironment environment,
      OrtSession session,
      List<AutoCloseable> opened,
      long memoryBytes) {
    this(
        artifact,
        graph,
        signature,
        options,
        environment,
        session,
        Optional.empty(),
        opened,
        memoryBytes);
  }

  private OnnxModel(
      ModelArtifact artifact,
      OnnxGraph graph,
      Signature signature,
      OnnxOptions options,
      OrtEnvironment environment,
      @Nullable OrtSession session,
      Optional<Compiled> compiled,
      List<AutoCloseable> opened,
      long memoryBytes) {
    this.graph = graph;
    this.signature = signature;
    this.options = options;
    this.environment = environment;
    this.session = session;
    this.compiled = compiled;
    this.opened = opened;
    this.memoryBytes = memoryBytes;
    info =
        new ModelInfo(
            artifact.name(),
            artifact.version(),
            compiled
                .map(c -> "compiled " + c.operator() + ", checked against " + OnnxRuntime.label())
                .orElseGet(OnnxRuntime::label),
            signature,
            artifact.digest(),
            graph.metadata());
    check = new RowCheck(info.label(), graph, options);
    fixedBatch = signature.inputs().equals(graph.inputs()) ? 0 : rowsDeclared(graph);
    batched =
        !signature.inputs().isEmpty()
            && signature.inputs().stream().allMatch(spec -> spec.isBatched() && !spec.optional());
    joinsTensors =
        batched
            && !signature.outputs().isEmpty()
            && signature.outputs().stream().allMatch(spec -> spec.isBatched() && namesRows(spec))
            && Stream.concat(signature.inputs().stream(), signature.outputs().stream())
                .allMatch(spec -> Values.isJavaType(spec.type()));
    maxBatch = fixedBatch > 0 ? fixedBatch : batched ? Integer.MAX_VALUE : 1;
    outputNames =
        Collections.unmodifiableSet(
            new LinkedHashSet<>(signature.outputs().stream().map(ValueSpec::name).toList()));
  }

  ModelInfo info() {
    return info;
  }

  OnnxGraph graph() {
    return graph;
  }

  Signature signature() {
    return signature;
  }

  OnnxOptions options() {
    return options;
  }

  OrtEnvironment environment() {
    return environment;
  }

  /** For models that are not compiled. */
  OrtSession session() {
    return Objects.requireNonNull(session, "a compiled model has no session");
  }

  Optional<Compiled> compiled() {
    return compiled;
  }

  /** {@return this model without a session} Closes nothing. */
  OnnxModel with(ModelArtifact artifact, Compiled form) {
    return new OnnxModel(
        artifact, graph, signature, options, environment, null, Optional.of(form), List.of(), 0);
  }

  RowCheck check() {
    return check;
  }

  Set<String> outputNames() {
    return outputNames;
  }

  long memoryBytes() {
    return memoryBytes;
  }

  boolean isPredictable() {
    return !unpredictable;
  }

  void giveUpPinning() {
    unpredictable = true;
  }

  private static int rowsDeclared(OnnxGraph graph) {
    return Math.toIntExact(graph.inputs().get(0).shape().dim(0));
  }

  int fixedBatch() {
    return fixedBatch;
  }

  /** {@return whether dimension 0 of every input is rows} */
  boolean isBatched() {
    return batched;
  }

  int maxBatch() {
    return maxBatch;
  }

  /** {@return whether rows of tensors can be put together along dimension 0} */
  boolean joinsTensors() {
    return joinsTensors;
  }

  /** The outputs of a run of several rows cannot be told apart: from now on each row runs alone. */
  synchronized void runRowsAlone() {
    if (maxBatch != 1) {
      maxBatch = 1;
      log.warn(
          "{}: not every output has one entry a row, so each row runs alone; outputs: {}",
          info.label(),
          signature.outputs());
    }
  }

  /** {@return whether dimension 0 has, in this output and in every input, the same name} */
  boolean namesRows(ValueSpec output) {
    int at = graph.outputs().indexOf(output);
    if (at < 0 || graph.symbols().isEmpty() || graph.outputSymbols().get(at).isEmpty()) {
      return false;
    }
    String name = graph.outputSymbols().get(at).get(0);
    return !name.isEmpty()
        && graph.symbols().stream().allMatch(dims -> !dims.isEmpty() && name.equals(dims.get(0)));
  }

  void close() {
    closeAll(opened);
  }

  static void closeAll(List<? extends AutoCloseable> opened) {
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (Exception e) {
        // The rest must still be freed, and nobody is left to tell.
        log.warn("a native object of onnxruntime could not be closed", e);
      }
    }
  }
}
