package dev.inflight.tribuo;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.ValueSpec;
import java.util.List;
import org.tribuo.Prediction;
import org.tribuo.clustering.ClusterID;
import org.tribuo.clustering.ClusteringFactory;

/** Clustering: the {@code cluster}'s number. */
final class ClusterAnswers implements Answers<ClusterID> {
  private final ClusterID unknown = new ClusteringFactory().getUnknownOutput();

  @Override
  public List<ValueSpec> outputs() {
    return List.of(Answers.scalar("cluster", DataType.INT64));
  }

  @Override
  public ClusterID unknown() {
    return unknown;
  }

  @Override
  public void write(Prediction<ClusterID> prediction, RowBuffers target, int row) {
    int cluster = prediction.getOutput().getID();
    if (cluster < 0) {
      // KMeans, when every distance overflows
      throw new IllegalStateException("expected a cluster, got " + cluster);
    }
    target.region(0).putLong(8 * row, cluster);
  }
}
