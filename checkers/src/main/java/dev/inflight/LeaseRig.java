package dev.inflight;

import java.util.Objects;

/** A leasing whose reaper does at once what it is asked, one thing after the other. */
final class LeaseRig {
  private static final int LOOKS = 8;

  private final Lanes lanes = new Rig(1).lanes;
  private final Object reaper = new Object();
  final Lane lane = Objects.requireNonNull(lanes.dispatcher().tryLane(null));
  final Leasing<Integer, Integer> leasing =
      new Leasing<>(
          lanes,
          task -> {
            synchronized (reaper) {
              task.run();
            }
          });

  Version<Integer, Integer> publish() {
    leasing.publish(Rig.version());
    return Objects.requireNonNull(leasing.current());
  }

  Version<Integer, Integer> publishPinned() {
    leasing.publish(Rig.version());
    return Objects.requireNonNull(leasing.pin());
  }

  /** A run that looks now and then whether the version under it was ended. */
  static boolean isInUse(Version<Integer, Integer> version) {
    for (int i = 0; i < LOOKS; i++) {
      if (version.ended().isDone()) {
        return false;
      }
      Thread.onSpinWait();
    }
    return true;
  }
}
