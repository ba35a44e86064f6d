package dev.inflight.spring;

import dev.inflight.Predictor;
import dev.inflight.deploy.Deployment;
import java.util.Set;
import java.util.function.Supplier;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.support.AutowireCandidateQualifier;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Registers {@code <model>Deployment} and {@code <model>Predictor} for each model, both with its
 * name as a qualifier. Only the names are looked at here: what they are is checked when the models
 * are made.
 */
final class ModelBeans implements BeanDefinitionRegistryPostProcessor {
  private final Environment environment;

  ModelBeans(Environment environment) {
    this.environment = environment;
  }

  @Override
  public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
    if (!(registry instanceof BeanFactory beans)) {
      throw new IllegalStateException(
          "inflight: expected a bean factory, got " + registry.getClass().getName());
    }
    Set<String> names =
        Binder.get(environment)
            .bind("inflight", Bindable.of(InflightProperties.class))
            .map(bound -> bound.models().keySet())
            .orElse(Set.of());
    for (String name : names) {
      register(registry, name, Deployment.class, () -> models(beans).existing(name));
      register(registry, name, Predictor.class, () -> models(beans).predictor(name));
    }
  }

  private static InflightModels models(BeanFactory beans) {
    return beans.getBean(InflightModels.class);
  }

  private static <T> void register(
      BeanDefinitionRegistry registry,
      String model,
      Class<T> type,
      Supplier<? extends T> supplier) {
    RootBeanDefinition definition = new RootBeanDefinition();
    definition.setBeanClass(type);
    definition.setInstanceSupplier(supplier);
    definition.setDestroyMethodName(""); // they are closed together
    definition.addQualifier(new AutowireCandidateQualifier(Qualifier.class, model));
    registry.registerBeanDefinition(model + type.getSimpleName(), definition);
  }
}
