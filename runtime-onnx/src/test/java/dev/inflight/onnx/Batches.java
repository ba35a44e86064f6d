package dev.inflight.onnx;

import dev.inflight.Codec;
import dev.inflight.Lane;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A model whose row is a list of another model's rows: one run of its runner. */
record Batches<I, O>(Model<I, O> model) implements Model<List<I>, List<Outcome<O>>> {
  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public Runner<List<I>, List<Outcome<O>>> newRunner(Lane lane) throws Exception {
    Runner<I, O> runner = model.newRunner(lane);
    return new Runner<>() {
      @Override
      public List<Outcome<List<Outcome<O>>>> run(List<? extends List<I>> rows) throws Exception {
        List<Outcome<List<Outcome<O>>>> outcomes = new ArrayList<>();
        for (List<I> row : rows) {
          outcomes.add(Outcome.of(List.copyOf(runner.run(row))));
        }
        return outcomes;
      }

      @Override
      public void close() {
        runner.close();
      }
    };
  }

  @Override
  public void close() {
    model.close();
  }

  /** Loads a model of {@code testmodels/onnx} on one lane of its own. */
  static <I, O> void with(
      String name,
      Codec<I, O> codec,
      OnnxOptions options,
      Consumer<ModelSlot<List<I>, List<Outcome<O>>>> use) {
    Path directory = CaseFiles.models("onnx").resolve(name);
    Model<I, O> model =
        OnnxLoader.of(codec).withOptions(options).load(ModelArtifact.of(name, "1", directory));
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<List<I>, List<Outcome<O>>> slot = ModelSlot.of(new Batches<>(model), lanes)) {
      use.accept(slot);
    }
  }
}
