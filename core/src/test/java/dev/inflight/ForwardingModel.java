package dev.inflight;

/** A model that a test changes in one place. */
class ForwardingModel implements Model<String, String> {
  private final Model<String, String> model;

  ForwardingModel(Model<String, String> model) {
    this.model = model;
  }

  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public Runner<String, String> newRunner(Lane lane) throws Exception {
    return model.newRunner(lane);
  }

  @Override
  public void validate(String row) {
    model.validate(row);
  }

  @Override
  public void close() {
    model.close();
  }
}
