package dev.inflight.deploy;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What one deployment knows after a restart. Immutable. Identities are those of the content: a
 * version that was rejected stays so under any number.
 *
 * @param lastGood the version that served last and worked
 * @param rejected identity to why it must not serve
 * @param attempts identity to how often its canary was started, at least 1
 * @param trials identity to the state of its trial, which only the trial understands
 */
record Memory(
    Optional<Good> lastGood,
    Map<String, Rejected> rejected,
    Map<String, Integer> attempts,
    Map<String, Map<String, String>> trials) {

  /** Of a deployment that never ran. */
  static final Memory NONE = new Memory(Optional.empty(), Map.of(), Map.of(), Map.of());

  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  Memory {
    rejected = Map.copyOf(rejected);
    attempts = Map.copyOf(attempts);
    Map<String, Map<String, String>> copies = new HashMap<>();
    trials.forEach((identity, state) -> copies.put(identity, Map.copyOf(state)));
    trials = Map.copyOf(copies);
    attempts.forEach(
        (identity, count) -> {
          if (count < 1) {
            throw new IllegalArgumentException(
                "attempts of " + identity + ": expected at least 1, got " + count);
          }
        });
  }

  /**
   * A version that worked.
   *
   * @param version as the repository calls it
   * @param digest of its artifact; its copy is kept under this name, so nothing else may be here
   * @param since when it went live
   */
  record Good(String version, String digest, Instant since) {
    Good {
      if (!DIGEST.matcher(digest).matches()) {
        throw new IllegalArgumentException(
            "digest of version '" + version + "': expected 64 hex digits, got '" + digest + "'");
      }
    }
  }

  /**
   * Why a version must not serve.
   *
   * @param version as the repository called it then
   * @param reason any text
   * @param since when that was found
   */
  record Rejected(String version, String reason, Instant since) {}

  Memory withLastGood(Good good) {
    return new Memory(Optional.of(good), rejected, attempts, trials);
  }

  Memory withRejected(String identity, Rejected why) {
    return new Memory(lastGood, with(rejected, identity, why), attempts, trials);
  }

  Memory withoutRejected(String identity) {
    return new Memory(lastGood, without(rejected, identity), attempts, trials);
  }

  Memory withAttempts(String identity, int count) {
    return new Memory(lastGood, rejected, with(attempts, identity, count), trials);
  }

  Memory withoutAttempts(String identity) {
    return new Memory(lastGood, rejected, without(attempts, identity), trials);
  }

  Memory withTrial(String identity, Map<String, String> state) {
    return new Memory(lastGood, rejected, attempts, with(trials, identity, state));
  }

  Memory withoutTrials() {
    return new Memory(lastGood, rejected, attempts, Map.of());
  }

  private static <V> Map<String, V> with(Map<String, V> map, String key, V value) {
    Map<String, V> changed = new HashMap<>(map);
    changed.put(key, value);
    return changed;
  }

  private static <V> Map<String, V> without(Map<String, V> map, String key) {
    Map<String, V> changed = new HashMap<>(map);
    changed.remove(key);
    return changed;
  }
}
