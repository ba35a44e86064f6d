package dev.inflight.dvc;

import dev.inflight.repository.Versions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What GTO's tags say of one artifact at one moment.
 *
 * <p>Invariant: a version is here if the last tag of its name registers it. A stage is here with
 * the commit of its newest assignment that the same commit has not lost again; GTO's own {@code
 * show} prefers the greatest version that has the stage instead, which would make a rollback
 * impossible. A stage of a commit all of whose versions were deregistered is not here, and nothing
 * is if the artifact was deprecated after its last registration and assignment.
 *
 * @param versions version to commit
 * @param stages stage to commit
 */
record Registry(Map<String, String> versions, Map<String, String> stages) {
  /**
   * One annotated tag.
   *
   * @param commit that it is on
   * @param time when it was made, to the second
   */
  record Event(GtoTag tag, String commit, Instant time) {}

  private static final Comparator<Event> ORDER =
      Comparator.comparing(Event::time).thenComparing(event -> event.tag().counter());

  static Registry of(Collection<Event> tags) {
    List<Event> events = new ArrayList<>(tags);
    events.sort(ORDER);
    Map<String, String> versions = new HashMap<>();
    Set<String> once = new HashSet<>();
    Map<String, Map<String, Event>> assigned = new HashMap<>();
    boolean deprecated = false;
    for (Event event : events) {
      String subject = event.tag().subject();
      deprecated =
          switch (event.tag().kind()) {
            case DEPRECATED -> true;
            case CREATED, REGISTERED, ASSIGNED -> false;
            default -> deprecated;
          };
      switch (event.tag().kind()) {
        case REGISTERED -> {
          versions.put(subject, event.commit());
          once.add(event.commit());
        }
        case DEREGISTERED -> versions.remove(subject);
        case ASSIGNED ->
            assigned.computeIfAbsent(subject, s -> new HashMap<>()).put(event.commit(), event);
        case UNASSIGNED -> assigned.getOrDefault(subject, new HashMap<>()).remove(event.commit());
        default -> {
          // counted above
        }
      }
    }
    if (deprecated) {
      return new Registry(Map.of(), Map.of());
    }
    once.removeAll(versions.values());
    Map<String, String> stages = new HashMap<>();
    assigned.forEach(
        (stage, commits) ->
            commits.values().stream()
                .filter(event -> !once.contains(event.commit()))
                .max(ORDER)
                .ifPresent(newest -> stages.put(stage, newest.commit())));
    return new Registry(Map.copyOf(versions), Map.copyOf(stages));
  }

  /** {@return the greatest version registered at a commit, else the commit itself} */
  String nameOf(String commit) {
    return versions.entrySet().stream()
        .filter(version -> version.getValue().equals(commit))
        .map(Map.Entry::getKey)
        .max(Versions::compare)
        .orElse(commit);
  }

  /** {@return the greatest version} */
  Optional<String> latest() {
    return versions.keySet().stream().max(Versions::compare);
  }

  /** {@return the commit of a version or of a stage's commit that has no version} */
  Optional<String> commitOf(String name) {
    String commit = versions.get(name);
    if (commit == null && stages.containsValue(name) && nameOf(name).equals(name)) {
      return Optional.of(name);
    }
    return Optional.ofNullable(commit);
  }
}
