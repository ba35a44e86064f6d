package dev.inflight.tribuo;

import dev.inflight.Codec;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.Runner;
import java.nio.DoubleBuffer;
import java.util.List;
import java.util.Optional;
import org.tribuo.Output;

/**
 * A model whose rows go through a codec, then through its compiled form, or Tribuo itself where
 * there is none. All its memory is on the Java heap.
 */
record TribuoModel<T extends Output<T>, I, O>(
    ModelInfo info,
    org.tribuo.Model<T> model,
    Answers<T> answers,
    List<String> features,
    Optional<Compiled> compiled,
    Codec.Bound<I, O> bound)
    implements Model<I, O> {

  @Override
  public Runner<I, O> newRunner(Lane lane) {
    return new TribuoRunner<>(
        this, lane, compiled.map(Compiled::newEvaluation).orElseGet(this::flyweight));
  }

  private TribuoRunner.Evaluation flyweight() {
    FlyweightExample<T> example =
        new FlyweightExample<>(features.toArray(new String[0]), answers.unknown());
    return (values, target) ->
        answers.write(model.predict(example.read(DoubleBuffer.wrap(values), 0)), target, 0);
  }

  @Override
  public void close() {
    bound.close();
  }
}
