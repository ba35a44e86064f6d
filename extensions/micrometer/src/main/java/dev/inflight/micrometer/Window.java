package dev.inflight.micrometer;

import dev.inflight.InferenceStats;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The last minute or two of a model. One thread at a time.
 *
 * <p>Invariant: {@code newer} is the first snapshot that was a minute or more after {@code older}.
 */
final class Window {
  private static final Duration LENGTH = Duration.ofMinutes(1);

  private @Nullable InferenceStats older;
  private @Nullable InferenceStats newer;

  /** {@return what happened lately: everything, in the first minute} */
  InferenceStats until(InferenceStats now) {
    if (newer == null) {
      newer = now;
    } else if (Duration.between(newer.at(), now.at()).compareTo(LENGTH) >= 0) {
      older = newer;
      newer = now;
    }
    return older == null ? now : now.since(older);
  }
}
