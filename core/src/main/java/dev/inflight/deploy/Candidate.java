package dev.inflight.deploy;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A version at its gates: loaded, and serving nobody.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class Candidate<I, O> {
  private final ModelArtifact artifact;
  private final StagedModel<I, O> model;
  private final Resident<I, O> resident;
  private final Supplier<Optional<Resident<I, O>>> live;

  Candidate(
      ModelArtifact artifact,
      StagedModel<I, O> model,
      Resident<I, O> resident,
      Supplier<Optional<Resident<I, O>>> live) {
    this.artifact = artifact;
    this.model = model;
    this.resident = resident;
    this.live = live;
  }

  /** {@return what is loaded} */
  public ModelInfo info() {
    return resident.info();
  }

  /** {@return its files, verified} */
  public ModelArtifact artifact() {
    return artifact;
  }

  /** {@return a predictor that only this version answers, and whose calls are not counted} */
  public Predictor<I, O> predictor() {
    return resident.trial();
  }

  /** {@return the version itself: for runs of a given size, and warm-up} */
  public Resident<I, O> resident() {
    return resident;
  }

  /** {@return what serves at this moment, to compare with; empty if nothing does} */
  public Optional<Resident<I, O>> live() {
    return live.get();
  }

  long fileBytes() throws IOException {
    return model.fileBytes();
  }

  /** From now on its rows do not share runs. */
  void serveAlone() {
    model.runAlone();
  }
}
