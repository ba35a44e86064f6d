package dev.inflight.deploy;

import dev.inflight.repository.Versions;
import java.util.Optional;

/**
 * A pure function: from the versions that are available and have not failed, to the one that should
 * serve.
 */
@FunctionalInterface
public interface VersionPolicy {
  /** {@return the wanted version; empty keeps what serves} */
  Optional<Versions.Entry> wanted(Versions available);

  /** {@return the newest that works} */
  static VersionPolicy latest() {
    return available -> available.entries().stream().reduce((older, newer) -> newer);
  }

  /** {@return exactly this version, and none other} */
  static VersionPolicy exactly(String version) {
    return available ->
        available.entries().stream().filter(entry -> entry.version().equals(version)).findFirst();
  }
}
