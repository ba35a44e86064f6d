package dev.inflight.examples;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.Runner;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts what is open, to show that nothing is left. */
record CountedLoader<I, O>(ModelLoader<I, O> loader, AtomicInteger open)
    implements ModelLoader<I, O> {
  @Override
  public Model<I, O> load(ModelArtifact artifact) throws Exception {
    Model<I, O> model = loader.load(artifact);
    open.incrementAndGet();
    return new Counted<>(model, open);
  }

  private record Counted<I, O>(Model<I, O> model, AtomicInteger open) implements Model<I, O> {
    @Override
    public ModelInfo info() {
      return model.info();
    }

    @Override
    public Runner<I, O> newRunner(Lane lane) throws Exception {
      return model.newRunner(lane);
    }

    @Override
    public void validate(I row) {
      model.validate(row);
    }

    @Override
    public void close() {
      model.close();
      open.decrementAndGet();
    }
  }
}
