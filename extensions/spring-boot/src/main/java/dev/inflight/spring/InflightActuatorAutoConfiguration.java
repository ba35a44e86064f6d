package dev.inflight.spring;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Endpoints and health of the models, where the application has an actuator. */
@AutoConfiguration(after = InflightAutoConfiguration.class)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean(InflightModels.class)
final class InflightActuatorAutoConfiguration {
  @Bean
  @ConditionalOnAvailableEndpoint
  @ConditionalOnMissingBean
  InflightEndpoint inflightEndpoint(InflightModels models) {
    return new InflightEndpoint(models);
  }

  @Bean
  @ConditionalOnAvailableEndpoint
  @ConditionalOnMissingBean
  InflightPageEndpoint inflightPageEndpoint(InflightModels models) {
    return new InflightPageEndpoint(models);
  }

  /** Spring Boot 3. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(org.springframework.boot.actuate.health.HealthIndicator.class)
  @ConditionalOnProperty(name = "management.health.inflight.enabled", matchIfMissing = true)
  static class Boot3 {
    @Bean
    @ConditionalOnMissingBean(name = "inflightHealthIndicator")
    org.springframework.boot.actuate.health.HealthIndicator inflightHealthIndicator(
        InflightModels models) {
      return () -> {
        ModelHealth health = ModelHealth.of(models);
        var status = org.springframework.boot.actuate.health.Health.up();
        return (health.isReady() ? status : status.outOfService())
            .withDetails(health.details())
            .build();
      };
    }
  }

  /** Spring Boot 4, which moved the types. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(org.springframework.boot.health.contributor.HealthIndicator.class)
  @ConditionalOnProperty(name = "management.health.inflight.enabled", matchIfMissing = true)
  static class Boot4 {
    @Bean
    @ConditionalOnMissingBean(name = "inflightHealthIndicator")
    org.springframework.boot.health.contributor.HealthIndicator inflightHealthIndicator(
        InflightModels models) {
      return () -> {
        ModelHealth health = ModelHealth.of(models);
        var status = org.springframework.boot.health.contributor.Health.up();
        return (health.isReady() ? status : status.outOfService())
            .withDetails(health.details())
            .build();
      };
    }
  }
}
