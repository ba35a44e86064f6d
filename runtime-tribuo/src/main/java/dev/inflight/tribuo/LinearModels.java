package dev.inflight.tribuo;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tribuo.classification.sgd.protos.ClassificationLinearSGDProto;
import org.tribuo.common.sgd.AbstractLinearSGDModel;
import org.tribuo.math.la.DenseMatrix;
import org.tribuo.math.protos.NormalizerProto;
import org.tribuo.math.util.VectorNormalizer;
import org.tribuo.multilabel.sgd.protos.MultiLabelLinearSGDProto;
import org.tribuo.regression.sgd.protos.RegressionLinearSGDProto;

/** Translates Tribuo's linear SGD models. */
final class LinearModels {
  /** Those that work in place and keep no state. */
  private static final Set<String> NORMALIZERS =
      Set.of(
          "org.tribuo.math.util.ExpNormalizer",
          "org.tribuo.math.util.NoopNormalizer",
          "org.tribuo.math.util.Normalizer",
          "org.tribuo.math.util.SigmoidNormalizer");

  private final Compiler<?> compiler;
  private final DenseMatrix weights;

  LinearModels(Compiler<?> compiler) {
    this.compiler = compiler;
    weights = ((AbstractLinearSGDModel<?>) compiler.model()).getWeightsCopy();
  }

  Compiled labels() throws InvalidProtocolBufferException {
    var proto = compiler.proto().getSerializedData().unpack(ClassificationLinearSGDProto.class);
    return compiled(compiler.answers().columns(), normalizer(proto.getNormalizer()), 0);
  }

  Compiled multiLabels() throws InvalidProtocolBufferException {
    var proto = compiler.proto().getSerializedData().unpack(MultiLabelLinearSGDProto.class);
    return compiled(
        compiler.answers().columns(), normalizer(proto.getNormalizer()), proto.getThreshold());
  }

  Compiled values() throws InvalidProtocolBufferException {
    var proto = compiler.proto().getSerializedData().unpack(RegressionLinearSGDProto.class);
    return compiled(proto.getDimensionNamesList(), null, 0);
  }

  /** {@code names} are in the order of the matrix rows. */
  private Compiled compiled(
      List<String> names, @Nullable VectorNormalizer normalizer, double threshold) {
    int[] columns = compiler.columns(compiler.model().getFeatureIDMap());
    int[] targets = names.stream().mapToInt(compiler::target).toArray();
    if (weights.getDimension1Size() != compiler.answers().columns().size()
        || weights.getDimension1Size() != targets.length
        || weights.getDimension2Size() != columns.length + 1) {
      throw new UntranslatableException("a weight matrix of another size than the domains");
    }
    return new Compiled(
        new LinearScorer(columns, weights, targets, normalizer), compiler.answers(), threshold);
  }

  private static VectorNormalizer normalizer(NormalizerProto proto) {
    if (!NORMALIZERS.contains(proto.getClassName())) {
      throw new UntranslatableException("normaliser " + proto.getClassName());
    }
    return VectorNormalizer.deserialize(proto);
  }
}
