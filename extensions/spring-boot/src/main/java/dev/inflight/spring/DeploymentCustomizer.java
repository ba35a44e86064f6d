package dev.inflight.spring;

import dev.inflight.deploy.Deployment;

/**
 * A bean of this type changes what the configuration made of a model before it starts: gates,
 * listeners, a memory budget, a rollout that properties cannot say. All are called, in the order of
 * {@link org.springframework.core.annotation.Order}.
 */
@FunctionalInterface
public interface DeploymentCustomizer {
  /** Changes {@code builder}, the settings of the model of that name. */
  void customize(String model, Deployment.Builder<?, ?> builder);
}
