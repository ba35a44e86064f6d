package dev.inflight.tribuo;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.util.List;
import org.tribuo.Model;
import org.tribuo.Output;
import org.tribuo.impl.ArrayExample;

/**
 * Compares a compiled form with Tribuo's own {@code predict}, bit for bit, before anybody uses it.
 * Deterministic: the same model always passes or always fails.
 */
final class SelfCheck<T extends Output<T>> {
  private final Model<T> model;
  private final Answers<T> answers;
  private final String[] features;
  private final RowBuffers expected;
  private final RowBuffers got;

  SelfCheck(Model<T> model, Answers<T> answers, List<String> features) {
    this.model = model;
    this.answers = answers;
    this.features = features.toArray(new String[0]);
    expected = buffers();
    got = buffers();
  }

  private RowBuffers buffers() {
    RowBuffers buffers = new RowBuffers(answers.outputs());
    buffers.place(ByteBuffer.allocate((int) buffers.bytes(1)), 1);
    return buffers;
  }

  /** {@return whether the two agree on every probe} */
  boolean passes(Compiled compiled) {
    TribuoRunner.Evaluation evaluation = compiled.newEvaluation();
    for (double[] row : new Probes(model, features).rows(compiled.scorer())) {
      if (!agree(evaluation, row)) {
        return false;
      }
    }
    return true;
  }

  private boolean agree(TribuoRunner.Evaluation compiled, double[] row) {
    boolean answered = true;
    try {
      answers.write(
          model.predict(new ArrayExample<>(answers.unknown(), features, row)), expected, 0);
    } catch (RuntimeException e) {
      answered = false; // huge values can overflow to no answer at all
    }
    try {
      compiled.answer(row, got);
      return answered && isSame();
    } catch (RuntimeException e) {
      return !answered;
    }
  }

  private boolean isSame() {
    List<ValueSpec> outputs = answers.outputs();
    for (int i = 0; i < outputs.size(); i++) {
      Shape shape = outputs.get(i).rowShape();
      for (int at = 0; at < shape.elements(); at++) {
        if (!isSame(outputs.get(i).type(), i, at)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean isSame(DataType type, int output, int at) {
    ByteBuffer a = expected.region(output);
    ByteBuffer b = got.region(output);
    return switch (type) {
      case STRING -> expected.strings(output)[at].equals(got.strings(output)[at]);
      case BOOL -> a.get(at) == b.get(at);
      case FLOAT64 ->
          Double.doubleToLongBits(a.getDouble(8 * at))
              == Double.doubleToLongBits(b.getDouble(8 * at));
      default -> throw new IllegalStateException("no compiled model has an output of " + type);
    };
  }
}
