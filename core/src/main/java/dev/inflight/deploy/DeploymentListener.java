package dev.inflight.deploy;

import dev.inflight.ModelInfo;
import java.time.Duration;
import java.util.Optional;

/**
 * Sees a deployment's versions come and go. Called on a library thread, one event after the other
 * in order, never while the deployment holds a lock: it may call the deployment. One that blocks
 * delays the events of its deployment and of no other. What it throws is logged.
 */
public interface DeploymentListener {
  /** {@code model} serves from now on; {@code before} served until now. */
  default void onLive(ModelInfo model, Optional<ModelInfo> before) {}

  /** A version was refused, or rejected; what serves goes on serving. */
  default void onFailed(String version, String reason) {}

  /** The version was closed after its last run; also because its deployment was. */
  default void onRetired(ModelInfo model) {}

  /** The backend has loaded it, in that time; its gates come next. */
  default void onLoaded(ModelInfo model, Duration took) {}

  /** A gate let the version pass, or stopped it. */
  default void onGate(String version, DeploymentStatus.GateReport report) {}

  /** A version is in another state now, for the reason it says. */
  default void onState(DeploymentStatus.Version version) {}
}
