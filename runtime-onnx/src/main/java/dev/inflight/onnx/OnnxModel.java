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
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session and everything that must outlive it.
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
  private final OrtSession session;
  private final List<AutoCloseable> opened;
  private final long memoryBytes;
  private final ModelInfo info;
  private final RowCheck check;
  private final Set<String> outputNames;

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
    this.graph = graph;
    this.signature = signature;
    this.options = options;
    this.environment = environment;
    this.session = session;
    this.opened = opened;
    this.memoryBytes = memoryBytes;
    info =
        new ModelInfo(
            artifact.name(),
            artifact.version(),
            OnnxRuntime.label(),
            signature,
            artifact.digest(),
            graph.metadata());
    check = new RowCheck(info.label(), graph, options);
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

  OrtSession session() {
    return session;
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
