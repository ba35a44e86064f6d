package dev.inflight.status;

import dev.inflight.InferenceStats;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentStatus;
import java.util.function.Supplier;

/**
 * Where a model's figures come from.
 *
 * @param key by which it is known again
 */
record Source(Object key, Supplier<DeploymentStatus> status, Supplier<InferenceStats> stats) {
  static Source of(Deployment<?, ?> deployment) {
    return new Source(deployment, deployment::status, deployment::stats);
  }
}
