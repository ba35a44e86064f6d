package dev.inflight.spring;

import dev.inflight.deploy.Deployment;
import dev.inflight.micrometer.InflightMetrics;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Meters of the models, where {@code inflight-micrometer} is there; Spring Boot binds them. */
@AutoConfiguration(after = InflightAutoConfiguration.class)
@ConditionalOnClass({InflightMetrics.class, MeterBinder.class})
@ConditionalOnBean(InflightModels.class)
final class InflightMetricsAutoConfiguration {
  @Bean
  @ConditionalOnMissingBean
  InflightMetrics inflightMetrics(InflightModels models) {
    return InflightMetrics.of(models.all().toArray(Deployment<?, ?>[]::new));
  }
}
