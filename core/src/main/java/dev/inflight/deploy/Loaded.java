package dev.inflight.deploy;

import dev.inflight.ModelArtifact;
import dev.inflight.Resident;
import java.nio.file.Path;

/**
 * A version that is in memory, and what goes with it.
 *
 * @param artifact its files, which are in {@code directory} until the model is closed
 * @param model which {@code resident} runs
 * @param memory what it holds of the budget
 */
record Loaded<I, O>(
    Resident<I, O> resident,
    ModelArtifact artifact,
    StagedModel<I, O> model,
    MemoryReservation memory) {
  Path directory() {
    return model.directory();
  }
}
