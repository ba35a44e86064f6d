package dev.inflight.status;

import dev.inflight.BatchingReport;
import dev.inflight.CallEnd;
import dev.inflight.Ends;
import dev.inflight.Histogram;
import dev.inflight.ModelInfo;
import dev.inflight.VersionStats;
import dev.inflight.deploy.CanaryReport;
import dev.inflight.deploy.CanaryReport.Claim;
import dev.inflight.deploy.DeploymentStatus;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;

/** One model of the page. */
final class ModelSection {
  private final Html html;
  private final Look look;
  private final String id;

  ModelSection(Html html, Look look, String id) {
    this.html = html;
    this.look = look;
    this.id = id;
  }

  void write() {
    DeploymentStatus status = look.status();
    html.open("section").open("h2").text(status.name() + " ");
    Optional<ModelInfo> live = status.live();
    if (live.isPresent()) {
      html.element("span", "v" + live.get().version() + " live", "class", "badge live");
      html.close().element("p", live.get().runtime(), "class", "quiet");
    } else {
      html.element("span", "nothing is live", "class", "badge failed").close();
    }
    status.problem().ifPresent(problem -> html.element("p", problem, "class", "problem"));
    heard(status.lastHeard());
    figures();
    charts();
    status.canary().ifPresent(this::canary);
    html.element("h3", "Versions");
    new VersionList(html, look, id).write();
    batching();
    html.close();
  }

  private void heard(Optional<Instant> moment) {
    html.element(
        "p",
        moment
            .map(heard -> "source last heard " + Words.relative(heard, look.at()))
            .orElse("source not heard yet"),
        "class",
        "quiet");
  }

  private void figures() {
    VersionStats lately = look.window().total();
    Ends ends = lately.ends();
    html.open("dl", "class", "figures");
    figure("Predictions", Words.rate(look.window().perSecond()), window());
    figure("Errors", Words.ratio(ends.errorRatio()), failures(ends));
    figure("Median", Words.quantile(lately.latency(), .5), "from call to answer");
    figure("p99", Words.quantile(lately.latency(), .99), "from call to answer");
    long waited = lately.queued().count();
    figure(
        "Queue",
        Words.counted(look.total().waiting(), "row"),
        waited == 0 ? "no call waited" : "wait p99 " + Words.quantile(lately.queued(), .99));
    Histogram rows = lately.rows();
    figure(
        "Rows in a run",
        rows.count() == 0 ? "–" : Words.digits(rows.mean()),
        rows.count() == 0 ? "no runs" : "p99 " + rows.quantile(.99) + ", most " + rows.max());
    html.close();
  }

  private String window() {
    return "in the last " + Words.span(look.window().over());
  }

  private void figure(String name, String value, String remark) {
    html.open("div").element("dt", name).element("dd", value);
    html.element("dd", remark, "class", "quiet").close();
  }

  static String failures(Ends ends) {
    StringJoiner text = new StringJoiner(", ");
    for (CallEnd end : CallEnd.values()) {
      if (end != CallEnd.COMPLETED && ends.of(end) > 0) {
        text.add(Words.count(ends.of(end)) + " " + Words.lower(end));
      }
    }
    return text.length() == 0 ? "all answered" : text.toString();
  }

  private void charts() {
    Histogram latency = look.window().total().latency();
    html.open("div", "class", "charts");
    if (latency.count() > 0) {
      html.open("figure")
          .element("figcaption", "Latency, last " + Words.span(look.window().over()));
      Chart.latency(html, latency);
      html.open("p", "class", "quiet quantiles");
      quantile("p50", latency, .5);
      quantile("p90", latency, .9);
      quantile("p99", latency, .99);
      quantile("p99.9", latency, .999);
      quantile("most", latency, 1);
      html.close().close();
    }
    double most = look.pace().stream().mapToDouble(Look.Pace::perSecond).max().orElse(0);
    if (look.pace().size() > 1 && most > 0) {
      html.open("figure").element("figcaption", "Predictions, up to " + Words.rate(most));
      Chart.pace(html, look.pace(), most);
      html.close();
    }
    html.close();
  }

  private void quantile(String name, Histogram latency, double part) {
    html.open("span")
        .text(name + " ")
        .element("b", Words.quantile(latency, part))
        .close()
        .text(" ");
  }

  private void canary(CanaryReport report) {
    String verdict = Words.lower(report.verdict());
    html.open("h3").text("Canary ");
    html.element(
        "span", verdict, "class", "badge " + report.verdict().name().toLowerCase(Locale.ROOT));
    html.close();
    html.element(
        "p",
        Words.counted(report.pairs(), "pair")
            + " in "
            + Words.span(report.elapsed())
            + (report.attempt() > 1 ? ", attempt " + report.attempt() : "")
            + (report.reason().isEmpty() ? "" : ": " + report.reason()));
    html.open("ul", "class", "signals");
    for (CanaryReport.SignalReport signal : report.signals()) {
      html.open("li").element("p", signal.toString());
      signal.promote().ifPresent(claim -> evidence("not worse", claim));
      evidence(signal.promote().isPresent() ? "worse" : "unevenly divided", signal.rollBack());
      html.close();
    }
    html.close();
  }

  /** On a logarithmic scale: what is half full needs as many pairs again. */
  private void evidence(String what, Claim claim) {
    double part = Math.max(0, Math.min(1, claim.logE() / claim.logNeeded()));
    html.open("label", "class", "evidence").element("span", "evidence that it is " + what);
    html.meter(part).close();
  }

  private void batching() {
    BatchingReport report = look.total().batching();
    String mode = Words.lower(report.mode());
    html.open("details", "id", id + "-batching");
    html.open("summary").text("Batching: ").element("b", mode);
    if (report.runs() > 0) {
      html.text(
          ", t(b) = "
              + Words.digits(report.fixedNanos() / 1e3)
              + " + b·"
              + Words.digits(report.rowNanos() / 1e3)
              + " µs");
    }
    html.close().element("p", report.toString(), "class", "quiet");
    long dropped = look.total().droppedEvents();
    long failures = look.total().listenerFailures();
    if (dropped + failures > 0) {
      html.element(
          "p",
          Words.counted(dropped, "event")
              + " dropped by slow listeners, "
              + Words.counted(failures, "failure")
              + " of listeners",
          "class",
          "problem");
    }
    html.close();
  }
}
