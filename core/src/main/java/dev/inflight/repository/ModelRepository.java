package dev.inflight.repository;

import dev.inflight.ModelArtifact;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Versions of models, somewhere. Implementations are safe for several threads, and may block: both
 * methods are polled.
 */
public interface ModelRepository {
  /**
   * {@return what there is of one model now} Cheap: called once a poll.
   *
   * <p>{@link Versions#aliases()} holds the names that the source gives to versions, if it knows
   * such names. An alias that does not name a version is left out and affects nothing else; one may
   * name a version that is not there, not yet or no longer.
   *
   * <p>A repository that remembers may answer from that while its source is away, and then says
   * {@linkplain Versions#asOf since when}.
   *
   * @throws IOException if the source cannot be reached; what serves goes on serving
   */
  Versions versions(String model) throws IOException;

  /**
   * Copies one version to {@code target} and verifies every byte it wrote.
   *
   * @param target an empty directory that only this process can read and write; the caller deletes
   *     it
   * @throws dev.inflight.ModelLoadException of stage {@code FETCH} or {@code VERIFY} if this
   *     version cannot be had; the message says which file, what was expected and what came
   * @throws IOException if the source cannot be reached, or the target not written
   */
  ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException;
}
