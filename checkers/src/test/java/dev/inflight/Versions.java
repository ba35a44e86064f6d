package dev.inflight;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The versions of a leasing, numbered from 1, and a lane for every thread that leases them. */
final class Versions {
  /** One for what comes before the parallel part, and two threads. */
  static final int LANES = 3;

  private final Lanes lanes = new Rig(LANES).lanes;
  private final Object reaper = new Object();
  final Leasing<Integer, Integer> leasing =
      new Leasing<>(
          lanes,
          task -> {
            synchronized (reaper) {
              task.run();
            }
          });
  private final List<Version<Integer, Integer>> all =
      new CopyOnWriteArrayList<>(); // read meanwhile
  private final List<Lane> free = new ArrayList<>();

  Versions() {
    for (int i = 0; i < LANES; i++) {
      free.add(lanes.dispatcher().tryLane(null));
    }
    swap();
  }

  Lane lane(int thread) {
    return free.get(thread);
  }

  /** Not concurrently. */
  int swap() {
    Version<Integer, Integer> next = Rig.version();
    all.add(next);
    leasing.swap(next);
    return all.size();
  }

  /** -1, which no specification says, once it is ended. */
  int number(Version<?, ?> version) {
    return version.ended().isDone() ? -1 : all.indexOf(version) + 1;
  }

  /** As {@link #number}; looks twice, for what is in use may not end in between either. */
  int use(Version<?, ?> version) {
    int before = number(version);
    return Math.min(before, number(version));
  }

  /** For the end, when nobody uses any of them. */
  void requireEnded() {
    for (Version<Integer, Integer> version : all) {
      boolean current = version == leasing.current();
      if (version.ended().isDone() == current) {
        throw new AssertionError(
            "version "
                + (all.indexOf(version) + 1)
                + " of "
                + all.size()
                + ": ended is "
                + current);
      }
    }
  }
}
