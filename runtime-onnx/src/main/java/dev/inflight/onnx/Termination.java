package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.PredictionFailedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a native run early, from another thread.
 *
 * <p>Invariant: off when a run begins. ONNX Runtime looks at it between two operators, those of a
 * loop's body included; one long operator is not interrupted.
 */
final class Termination implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Termination.class);

  private final String label;
  private final OrtSession.RunOptions options;
  private volatile boolean on;

  Termination(String label) throws OrtException {
    this.label = label;
    options = new OrtSession.RunOptions();
  }

  /** What every run of the runner is given. */
  OrtSession.RunOptions options() {
    return options;
  }

  /** A run begins. */
  void reset() throws OrtException {
    if (on) {
      options.setTerminate(false);
      on = false;
    }
  }

  void terminate() {
    on = true;
    try {
      options.setTerminate(true);
    } catch (OrtException e) {
      // The run goes on to its end, which is allowed; its answers are not wanted.
      log.warn("{}: a run could not be asked to stop", label, e);
    }
  }

  /** Between two native runs of one call: throws if nobody wants the second. */
  void check() {
    if (on) {
      throw new PredictionFailedException(label + ": the run was cancelled");
    }
  }

  /** A native run failed: throws if that was asked for. */
  void check(OrtException e) {
    if (on) {
      throw new PredictionFailedException(label + ": the run was cancelled", e);
    }
  }

  @Override
  public void close() {
    options.close();
  }
}
