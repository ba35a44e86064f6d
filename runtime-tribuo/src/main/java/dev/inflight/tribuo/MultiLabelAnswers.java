package dev.inflight.tribuo;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.ValueSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.Model;
import org.tribuo.Prediction;
import org.tribuo.multilabel.MultiLabel;
import org.tribuo.multilabel.MultiLabelFactory;

/**
 * Multi-label classification: {@code labels}, true for each that applies, and {@code scores}, both
 * by label.
 */
final class MultiLabelAnswers implements Answers<MultiLabel> {
  private final List<String> labels = new ArrayList<>();
  private final List<ValueSpec> outputs;
  private final MultiLabel unknown = new MultiLabelFactory().getUnknownOutput();

  MultiLabelAnswers(Model<MultiLabel> model) {
    ImmutableOutputInfo<MultiLabel> info = model.getOutputIDInfo();
    for (int id = 0; id < info.size(); id++) {
      labels.add(info.getOutput(id).getLabelString());
    }
    outputs =
        List.of(
            Answers.named("labels", DataType.BOOL, labels),
            Answers.named("scores", DataType.FLOAT64, labels));
  }

  @Override
  public List<ValueSpec> outputs() {
    return outputs;
  }

  @Override
  public MultiLabel unknown() {
    return unknown;
  }

  @Override
  public void write(Prediction<MultiLabel> prediction, RowBuffers target, int row) {
    Set<String> applies = prediction.getOutput().getNameSet();
    Map<String, MultiLabel> scores = prediction.getOutputScores();
    for (int i = 0; i < labels.size(); i++) {
      int at = row * labels.size() + i;
      MultiLabel score = scores.get(labels.get(i));
      target.region(0).put(at, (byte) (applies.contains(labels.get(i)) ? 1 : 0));
      target
          .region(1)
          .putDouble(
              8 * at,
              score == null
                  ? 0
                  : score
                      .getLabelScore(new org.tribuo.classification.Label(labels.get(i)))
                      .orElse(0));
    }
  }

  @Override
  public void write(int winner, double[] scores, double threshold, RowBuffers target, int row) {
    for (int i = 0; i < scores.length; i++) {
      target.region(0).put(row * scores.length + i, (byte) (scores[i] > threshold ? 1 : 0));
    }
    RegressorAnswers.write(scores, target.region(1), row);
  }
}
