package dev.inflight.spring;

import dev.inflight.deploy.DeploymentStatus;
import java.util.LinkedHashMap;
import java.util.Map;

/** What both generations of health indicators say. */
record ModelHealth(boolean isReady, Map<String, Object> details) {
  static ModelHealth of(InflightModels models) {
    boolean ready = true;
    Map<String, Object> details = new LinkedHashMap<>();
    for (var each : models.deployments().entrySet()) {
      DeploymentStatus status = each.getValue().status();
      ready &= status.live().isPresent();
      details.put(each.getKey(), details(status));
    }
    return new ModelHealth(ready, details);
  }

  private static Map<String, Object> details(DeploymentStatus status) {
    Map<String, Object> details = new LinkedHashMap<>();
    status.live().ifPresent(live -> details.put("live", live.version()));
    Map<String, String> versions = new LinkedHashMap<>();
    status.versions().forEach(each -> versions.put(each.version(), each.state().name()));
    details.put("versions", versions);
    status.lastHeard().ifPresent(heard -> details.put("lastHeard", heard.toString()));
    status.problem().ifPresent(problem -> details.put("problem", problem));
    return details;
  }
}
