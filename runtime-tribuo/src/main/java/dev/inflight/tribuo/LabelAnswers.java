package dev.inflight.tribuo;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Model;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;

/**
 * Classification: {@code label}, and {@code probabilities} (or {@code scores}, where they are none)
 * by class.
 */
final class LabelAnswers implements Answers<Label> {
  private final List<ValueSpec> outputs;
  private final List<String> labels = new ArrayList<>();

  LabelAnswers(Model<Label> model) {
    ImmutableOutputInfo<Label> info = model.getOutputIDInfo();
    for (int id = 0; id < info.size(); id++) {
      labels.add(info.getOutput(id).getLabel());
    }
    String scores = model.generatesProbabilities() ? "probabilities" : "scores";
    outputs =
        List.of(
            Answers.scalar("label", DataType.STRING),
            Answers.named(scores, DataType.FLOAT64, labels));
  }

  @Override
  public List<ValueSpec> outputs() {
    return outputs;
  }

  @Override
  public Label unknown() {
    return LabelFactory.UNKNOWN_LABEL;
  }

  @Override
  public void write(Prediction<Label> prediction, RowBuffers target, int row) {
    target.strings(0)[row] = prediction.getOutput().getLabel();
    Map<String, Label> scores = prediction.getOutputScores();
    ByteBuffer region = target.region(1);
    for (int i = 0; i < labels.size(); i++) {
      Label score = scores.get(labels.get(i));
      region.putDouble(8 * (row * labels.size() + i), score == null ? 0 : score.getScore());
    }
  }

  @Override
  public void write(int winner, double[] scores, double threshold, RowBuffers target, int row) {
    if (winner == Scorer.NONE) {
      throw new IllegalStateException("expected a label, but no score is a number");
    }
    target.strings(0)[row] = labels.get(winner);
    RegressorAnswers.write(scores, target.region(1), row);
  }
}
