package dev.inflight.deploy;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import org.jspecify.annotations.Nullable;

/** Events of versions for Java Flight Recorder; those of their runs are beside {@code Runs}. */
final class FlightEvents {
  private FlightEvents() {}

  /** What all of them say. */
  abstract static class OfVersion extends Event {
    @Label("Model")
    final String model;

    @Label("Version")
    final String version;

    OfVersion(String model, String version) {
      this.model = model;
      this.version = version;
    }
  }

  /** A version was loaded, or could not be. Begins when it is made. */
  @Name("inflight.Load")
  @Label("Load")
  @Description("A version was loaded by its backend, or could not be")
  @Category("Inflight")
  @Threshold("0 ns")
  @StackTrace(false)
  static final class Load extends OfVersion {
    @Label("Failure")
    @Nullable String failure;

    Load(String model, String version) {
      super(model, version);
      begin();
    }

    void end(@Nullable Throwable why) {
      failure = why == null ? null : why.getClass().getName();
      commit();
    }
  }

  /** A version passed a gate, or did not. Begins when it is made. */
  @Name("inflight.Gate")
  @Label("Gate")
  @Description("A version passed a gate, or did not")
  @Category("Inflight")
  @Threshold("0 ns")
  @StackTrace(false)
  static final class Gate extends OfVersion {
    @Label("Gate")
    final String gate;

    @Label("Passed")
    boolean passed;

    @Label("Detail")
    @Nullable String detail;

    Gate(String model, String version, String gate) {
      super(model, version);
      this.gate = gate;
      begin();
    }

    void end(DeploymentStatus.GateReport report) {
      passed = report.passed();
      detail = report.detail();
      commit();
    }
  }

  /** A version is in another state. */
  @Name("inflight.State")
  @Label("State")
  @Description("A version is in another state now")
  @Category("Inflight")
  @StackTrace(false)
  static final class State extends OfVersion {
    @Label("State")
    final String state;

    @Label("Reason")
    final String reason;

    State(String model, DeploymentStatus.Version now) {
      super(model, now.version());
      state = now.state().name();
      reason = now.reason();
    }
  }
}
