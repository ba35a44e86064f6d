package dev.inflight.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DashboardTest {
  private static final Pattern METRIC = Pattern.compile("inflight_\\w+");

  @TempDir Path home;

  @Test
  void dashboard_everyMetricItAsksFor_isInTheScrapeOfADeployment() throws Exception {
    Set<String> asked = new TreeSet<>();
    for (Dashboard.Query query : Dashboard.load().queries()) {
      Matcher metric = METRIC.matcher(query.expression());
      while (metric.find()) {
        asked.add(metric.group());
      }
    }
    assertThat(asked).hasSizeGreaterThan(25);
    try (WatchedShop shop = new WatchedShop(home)) {
      shop.call(20);
      Exposition shown = Exposition.of(shop.registry.scrape());
      assertThat(shown.names()).containsAll(asked);
      assertThat(
              shown.value(
                  "inflight_version_state", "model", "shop", "version", "2", "state", "live"))
          .isEqualTo(1);
      assertThat(
              shown.value(
                  "inflight_version_state", "model", "shop", "version", "3", "state", "canary"))
          .isEqualTo(1);
      assertThat(shown.value("inflight_canary_pairs", "model", "shop", "version", "3"))
          .isGreaterThanOrEqualTo(20);
      double age =
          System.currentTimeMillis() / 1e3
              - shown.value("inflight_live_since_seconds", "model", "shop");
      assertThat(age).isBetween(-1.0, 60.0);
      assertThat(shown.value("inflight_repository_age_seconds", "model", "shop"))
          .isBetween(0.0, 60.0);
    }
  }

  @Test
  void guide_everyMeter_isInItsTable() throws Exception {
    String guide =
        Files.readString(Path.of(System.getProperty("inflight.root"), "docs", "guide.md"));
    for (Family family : Family.values()) {
      assertThat(guide).contains("`" + family.meter + "`");
    }
  }
}
