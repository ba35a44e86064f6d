package dev.inflight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * Events for Java Flight Recorder. While nobody records, an event is an object that the compiler
 * removes and a branch.
 */
final class FlightEvents {
  private FlightEvents() {}

  /** What all of them say. Their own methods are the recorder's, made for each final class. */
  abstract static class OfVersion extends Event {
    @Label("Model")
    @Nullable String model;

    @Label("Version")
    @Nullable String version;

    final void of(ModelInfo info) {
      model = info.name();
      version = info.version();
    }
  }

  abstract static class OfEnd extends OfVersion {
    @Label("End")
    @Nullable String end;

    @Label("Predictions")
    int predictions;

    final void of(ModelInfo info, CallEnd how, int many) {
      of(info);
      end = how.name();
      predictions = many;
    }
  }

  /** A run of rows that waited; short ones are left out unless the settings ask for them. */
  @Name("inflight.Batch")
  @Label("Batch")
  @Description("One run of rows from the queue")
  @Category("Inflight")
  @Threshold("10 ms")
  @StackTrace(false)
  static final class Batch extends OfVersion {
    @Label("Lane")
    int lane;

    @Label("Release")
    @Description("Why the run began")
    @Nullable String release;

    @Label("Rows")
    int rows;

    @Label("Answered")
    int answered;

    @Label("Queue Time")
    @Description("What the oldest row waited")
    @Timespan
    long queueTime;

    @Label("Encode Time")
    @Timespan
    long encodeTime;

    @Label("Decode Time")
    @Timespan
    long decodeTime;
  }

  /** A run this long is worth an event; a caller's own run is seldom so long. */
  static final long SLOW = 1_000_000;

  /** As a batch, of a row that its caller ran, after it, so that quick ones cost nothing. */
  @Name("inflight.Predict")
  @Label("Predict")
  @Description("A caller ran its own row, and that took a millisecond or more")
  @Category("Inflight")
  @StackTrace(false)
  static final class Predict extends OfVersion {
    @Label("Lane")
    int lane;

    @Label("Run Time")
    @Timespan
    long runTime;
  }

  static void ranSlowly(ModelInfo model, Lane lane, long nanos) {
    Predict event = new Predict();
    if (event.isEnabled()) {
      event.of(model);
      event.lane = lane.index();
      event.runTime = nanos;
      event.commit();
    }
  }

  /** Refused at the door. */
  @Name("inflight.Reject")
  @Label("Reject")
  @Description("Predictions that were refused: overload, invalid input, no version")
  @Category("Inflight")
  @StackTrace(false)
  static final class Reject extends OfEnd {}

  /** Accepted, and not answered. */
  @Name("inflight.Failure")
  @Label("Failure")
  @Description("Predictions that were accepted and not answered: failed, timed out, cancelled")
  @Category("Inflight")
  @StackTrace(false)
  static final class Failure extends OfEnd {}

  /** Another version serves. */
  @Name("inflight.Swap")
  @Label("Swap")
  @Description("Another version serves from now on")
  @Category("Inflight")
  @StackTrace(false)
  static final class Swap extends OfVersion {
    @Label("Before")
    @Nullable String before;
  }

  /** A version is about to be closed. */
  @Name("inflight.Retire")
  @Label("Retire")
  @Description("No lane will run the version any more; it is closed")
  @Category("Inflight")
  @StackTrace(false)
  static final class Retire extends OfVersion {}

  static void ended(ModelInfo model, CallEnd end, int predictions) {
    boolean refused =
        end == CallEnd.REJECTED || end == CallEnd.INVALID || end == CallEnd.UNAVAILABLE;
    if (refused) {
      Reject event = new Reject();
      if (event.isEnabled()) {
        event.of(model, end, predictions);
        event.commit();
      }
      return;
    }
    Failure event = new Failure();
    if (event.isEnabled()) {
      event.of(model, end, predictions);
      event.commit();
    }
  }

  static void swapped(@Nullable ModelInfo before, ModelInfo model) {
    Swap event = new Swap();
    if (event.isEnabled()) {
      event.of(model);
      event.before = before == null ? "" : before.version();
      event.commit();
    }
  }

  static void retired(ModelInfo model) {
    Retire event = new Retire();
    if (event.isEnabled()) {
      event.of(model);
      event.commit();
    }
  }
}
