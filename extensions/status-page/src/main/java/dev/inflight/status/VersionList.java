package dev.inflight.status;

import dev.inflight.VersionStats;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.deploy.DeploymentStatus.State;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The versions of one model, newest first. */
final class VersionList {
  /** A repository may hold thousands: so many are shown, and all that are not at rest. */
  private static final int SHOWN = 20;

  private static final Set<State> AT_REST =
      EnumSet.of(State.PENDING, State.AVAILABLE, State.RETIRED, State.FAILED, State.REJECTED);

  private final Html html;
  private final Look look;
  private final String id;

  VersionList(Html html, Look look, String id) {
    this.html = html;
    this.look = look;
    this.id = id;
  }

  void write() {
    List<DeploymentStatus.Version> versions = look.status().versions();
    if (versions.isEmpty()) {
      html.element("p", "The repository has none.", "class", "quiet");
      return;
    }
    int left = 0;
    for (int i = versions.size() - 1; i >= 0; i--) {
      DeploymentStatus.Version version = versions.get(i);
      if (versions.size() - i <= SHOWN || !AT_REST.contains(version.state())) {
        version(version, id + "-v" + i);
      } else {
        left++;
      }
    }
    if (left > 0) {
      html.element("p", "and " + Words.counted(left, "older version"), "class", "quiet");
    }
  }

  private void version(DeploymentStatus.Version version, String element) {
    String state = Words.lower(version.state());
    html.open("details", "id", element, "class", "version").open("summary");
    html.element("b", "v" + version.version()).text(" ");
    html.element("span", state, "class", "badge " + state).text(" ");
    look.share(version.version()).ifPresent(this::share);
    html.element(
        "span",
        Words.relative(version.since(), look.at()),
        "class",
        "quiet since",
        "title",
        Words.moment(version.since()));
    if (!version.reason().isEmpty()) {
      html.element("span", version.reason(), "class", "reason");
    }
    html.close().open("dl", "class", "facts");
    fact("since", Words.moment(version.since()));
    fact("attempts", Words.count(version.attempts()));
    version
        .nextAttempt()
        .ifPresent(
            next -> fact("next attempt", Words.relative(next, look.at()) + nextMoment(next)));
    if (!version.identity().isEmpty()) {
      fact("content", version.identity());
    }
    look.total().version(version.version()).ifPresent(this::totals);
    html.close();
    gates(version.gates());
    html.close();
  }

  private static String nextMoment(Instant next) {
    return " (" + Words.moment(next) + ")";
  }

  private void share(double share) {
    html.open("span", "class", "share").meter(share);
    html.text(" gets " + Words.ratio(share)).close().text(" ");
  }

  private void totals(VersionStats stats) {
    fact("answered", Words.count(stats.ends().completed()));
    fact("others", ModelSection.failures(stats.ends()));
    fact(
        "latency",
        "p50 "
            + Words.quantile(stats.latency(), .5)
            + ", p99 "
            + Words.quantile(stats.latency(), .99));
  }

  private void gates(List<DeploymentStatus.GateReport> gates) {
    if (gates.isEmpty()) {
      return;
    }
    html.open("ul", "class", "gates");
    for (DeploymentStatus.GateReport gate : gates) {
      html.open("li", "class", gate.passed() ? "passed" : "stopped");
      html.element("b", (gate.passed() ? "✓ " : "✗ ") + gate.gate());
      html.text(" " + gate.detail() + " ");
      html.element("span", Words.count(gate.millis()) + " ms", "class", "quiet").close();
    }
    html.close();
  }

  private void fact(String name, String value) {
    html.open("div").element("dt", name).element("dd", value).close();
  }
}
