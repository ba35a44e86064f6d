package dev.inflight.tribuo;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.util.List;
import org.tribuo.Model;
import org.tribuo.Output;
import org.tribuo.Prediction;

/**
 * What models of one kind of output give: the outputs they declare, and how a prediction is written
 * to them.
 *
 * @param <T> Tribuo's output type
 */
interface Answers<T extends Output<T>> {
  /** The outputs, all batched and of fixed row shape. */
  List<ValueSpec> outputs();

  /** An output for an example whose answer is not known. */
  T unknown();

  /** Writes row {@code row}. */
  void write(Prediction<T> prediction, RowBuffers target, int row);

  /**
   * Writes row {@code row} from plain scores, in the order of the columns, as for a prediction that
   * holds them.
   *
   * @param winner as {@link Scorer#score} gives it
   * @param threshold what a score must exceed for its label to apply, where several may
   */
  default void write(int winner, double[] scores, double threshold, RowBuffers target, int row) {
    throw new UnsupportedOperationException("no model of this kind is compiled");
  }

  /** {@return the columns of the scores: labels or dimensions, in the order of the outputs} */
  default List<String> columns() {
    List<ValueSpec> outputs = outputs();
    return outputs.get(outputs.size() - 1).columns();
  }

  /**
   * {@return the answers of that model}
   *
   * @throws IllegalArgumentException for a kind of output that is not one of Tribuo's own
   */
  @SuppressWarnings(
      "unchecked") // the output's class was compared by name, so that absent modules are never
  // touched
  static <T extends Output<T>> Answers<T> of(Model<T> model) {
    String kind = model.getOutputIDInfo().getOutput(0).getClass().getName();
    Answers<?> answers =
        switch (kind) {
          case "org.tribuo.classification.Label" ->
              new LabelAnswers((Model<org.tribuo.classification.Label>) (Model<?>) model);
          case "org.tribuo.regression.Regressor" ->
              new RegressorAnswers((Model<org.tribuo.regression.Regressor>) (Model<?>) model);
          case "org.tribuo.multilabel.MultiLabel" ->
              new MultiLabelAnswers((Model<org.tribuo.multilabel.MultiLabel>) (Model<?>) model);
          case "org.tribuo.anomaly.Event" -> new EventAnswers();
          case "org.tribuo.clustering.ClusterID" -> new ClusterAnswers();
          default ->
              throw new IllegalArgumentException(
                  "expected a model of Label, Regressor, MultiLabel, Event or ClusterID, got one of "
                      + kind);
        };
    return (Answers<T>) answers;
  }

  /** One value a row. */
  static ValueSpec scalar(String name, DataType type) {
    return ValueSpec.tensor(name, type, Shape.of(Shape.OPEN));
  }

  /** One value a row and name. */
  static ValueSpec named(String name, DataType type, List<String> columns) {
    return ValueSpec.tensor(name, type, Shape.of(Shape.OPEN, columns.size())).withColumns(columns);
  }
}
