package dev.inflight.deploy;

import dev.inflight.files.SealedFile;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A {@link Memory} as the records of a {@link SealedFile}: the first field says what one is. */
final class MemoryRecords {
  private MemoryRecords() {}

  /** {@return one record for each fact; equal memories give equal records} */
  static List<List<String>> of(Memory memory) {
    List<List<String>> records = new ArrayList<>();
    memory
        .lastGood()
        .ifPresent(
            good ->
                records.add(
                    List.of("good", good.version(), good.digest(), good.since().toString())));
    new TreeMap<>(memory.rejected())
        .forEach(
            (identity, why) ->
                records.add(
                    List.of(
                        "rejected",
                        identity,
                        why.version(),
                        why.since().toString(),
                        why.reason())));
    new TreeMap<>(memory.attempts())
        .forEach(
            (identity, count) ->
                records.add(List.of("attempts", identity, Integer.toString(count))));
    new TreeMap<>(memory.trials())
        .forEach(
            (identity, state) -> {
              List<String> trial = new ArrayList<>(List.of("trial", identity));
              new TreeMap<>(state)
                  .forEach(
                      (key, value) -> {
                        trial.add(key);
                        trial.add(value);
                      });
              records.add(trial);
            });
    return records;
  }

  /**
   * {@return the memory that gave these records}
   *
   * @throws IllegalArgumentException if none did
   */
  static Memory memory(List<List<String>> records) {
    Optional<Memory.Good> good = Optional.empty();
    Map<String, Memory.Rejected> rejected = new HashMap<>();
    Map<String, Integer> attempts = new HashMap<>();
    Map<String, Map<String, String>> trials = new HashMap<>();
    for (List<String> fields : records) {
      String kind = fields.get(0);
      if (kind.equals("good") && fields.size() == 4) {
        good = Optional.of(new Memory.Good(fields.get(1), fields.get(2), instant(fields.get(3))));
      } else if (kind.equals("rejected") && fields.size() == 5) {
        rejected.put(
            fields.get(1),
            new Memory.Rejected(fields.get(2), fields.get(4), instant(fields.get(3))));
      } else if (kind.equals("attempts") && fields.size() == 3) {
        attempts.put(fields.get(1), Integer.parseInt(fields.get(2)));
      } else if (kind.equals("trial") && fields.size() >= 2 && fields.size() % 2 == 0) {
        Map<String, String> state = new HashMap<>();
        for (int i = 2; i < fields.size(); i += 2) {
          state.put(fields.get(i), fields.get(i + 1));
        }
        trials.put(fields.get(1), state);
      } else {
        throw new IllegalArgumentException(
            "expected a record of a deployment, got '"
                + kind
                + "' with "
                + fields.size()
                + " fields");
      }
    }
    return new Memory(good, rejected, attempts, trials);
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("expected a time, got '" + text + "'", e);
    }
  }
}
