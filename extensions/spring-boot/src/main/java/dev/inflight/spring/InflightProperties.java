package dev.inflight.spring;

import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the application's configuration says.
 *
 * @param models by their names, which are those of their directories and the qualifiers of their
 *     beans
 */
@ConfigurationProperties("inflight")
public record InflightProperties(@DefaultValue Map<String, ModelProperties> models) {
  /** Copies the map. */
  public InflightProperties {
    models = Map.copyOf(models);
  }
}
