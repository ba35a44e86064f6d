package dev.inflight.deploy;

import dev.inflight.ModelInfo;
import java.util.Optional;

/**
 * Sees a deployment's versions come and go. Called on a loader thread; what it throws is logged.
 */
public interface DeploymentListener {
  /** {@code model} serves from now on; {@code before} is being retired. */
  default void onLive(ModelInfo model, Optional<ModelInfo> before) {}

  /** A version was refused; what serves goes on serving. */
  default void onFailed(String version, String reason) {}

  /** The version was closed after its last run. */
  default void onRetired(ModelInfo model) {}
}
