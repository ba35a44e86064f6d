package dev.inflight;

/**
 * A model that is another one but for what a subclass changes. Forwards every method, those that
 * later releases add too, so an adapter that extends it never loses one.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public class ForwardingModel<I, O> implements Model<I, O> {
  private final Model<I, O> model;

  /** Owns {@code model}: closing this closes it. */
  public ForwardingModel(Model<I, O> model) {
    this.model = model;
  }

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
  public long bytes(I row) {
    return model.bytes(row);
  }

  @Override
  public int maxBatch() {
    return model.maxBatch();
  }

  @Override
  public boolean batchesWith(I row, I other) {
    return model.batchesWith(row, other);
  }

  @Override
  public int rows(I row) {
    return model.rows(row);
  }

  @Override
  public long memoryBytes() {
    return model.memoryBytes();
  }

  @Override
  public void close() {
    model.close();
  }
}
