package dev.inflight.tribuo;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.ValueSpec;
import java.util.List;
import org.tribuo.Prediction;
import org.tribuo.anomaly.AnomalyFactory;
import org.tribuo.anomaly.Event;

/** Anomaly detection: {@code anomalous}, and the {@code score} of that verdict. */
final class EventAnswers implements Answers<Event> {
  private final Event unknown = new AnomalyFactory().getUnknownOutput();

  @Override
  public List<ValueSpec> outputs() {
    return List.of(
        Answers.scalar("anomalous", DataType.BOOL), Answers.scalar("score", DataType.FLOAT64));
  }

  @Override
  public Event unknown() {
    return unknown;
  }

  @Override
  public void write(Prediction<Event> prediction, RowBuffers target, int row) {
    Event event = prediction.getOutput();
    target.region(0).put(row, (byte) (event.getType() == Event.EventType.ANOMALOUS ? 1 : 0));
    target.region(1).putDouble(8 * row, event.getScore());
  }
}
