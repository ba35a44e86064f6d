package dev.inflight.examples;

import dev.inflight.ForwardingModel;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoader;
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

  private static final class Counted<I, O> extends ForwardingModel<I, O> {
    private final AtomicInteger open;

    Counted(Model<I, O> model, AtomicInteger open) {
      super(model);
      this.open = open;
    }

    @Override
    public void close() {
      super.close();
      open.decrementAndGet();
    }
  }
}
