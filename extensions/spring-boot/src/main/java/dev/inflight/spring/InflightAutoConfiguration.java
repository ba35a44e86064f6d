package dev.inflight.spring;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/** Makes the models of the configuration, and beans of each. */
@AutoConfiguration
@EnableConfigurationProperties(InflightProperties.class)
final class InflightAutoConfiguration {
  @Bean
  static ModelBeans inflightModelBeans(Environment environment) {
    return new ModelBeans(environment);
  }

  @Bean
  @ConditionalOnMissingBean
  InflightModels inflightModels(
      InflightProperties properties,
      ListableBeanFactory beans,
      ObjectProvider<DeploymentCustomizer> customizers) {
    return new InflightModels(properties, beans, customizers.orderedStream().toList());
  }
}
