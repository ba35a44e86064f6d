package dev.inflight.tribuo;

import com.google.protobuf.InvalidProtocolBufferException;
import org.tribuo.math.la.DenseVector;
import org.tribuo.math.la.SparseVector;
import org.tribuo.math.la.Tensor;
import org.tribuo.regression.slm.protos.SparseLinearModelProto;

/** Translates Tribuo's sparse linear regression. */
final class SparseLinearModels {
  private final Compiler<?> compiler;
  private final SparseLinearModelProto proto;
  private final DenseVector means;
  private final DenseVector norms;

  SparseLinearModels(Compiler<?> compiler) throws InvalidProtocolBufferException {
    this.compiler = compiler;
    proto = compiler.proto().getSerializedData().unpack(SparseLinearModelProto.class);
    means = (DenseVector) Tensor.deserialize(proto.getFeatureMeans());
    norms = (DenseVector) Tensor.deserialize(proto.getFeatureNorms());
  }

  Compiled values() {
    int[] columns = compiler.columns(compiler.model().getFeatureIDMap());
    var dimensions = new SparseLinearScorer.Dimension[compiler.answers().columns().size()];
    if (dimensions.length != proto.getDimensionsCount()) {
      throw new UntranslatableException("as many dimensions as outputs expected");
    }
    for (int i = 0; i < dimensions.length; i++) {
      dimensions[compiler.target(proto.getDimensions(i))] =
          new SparseLinearScorer.Dimension(
              columns,
              (SparseVector) Tensor.deserialize(proto.getWeights(i)),
              means,
              norms,
              proto.getYNorm(i),
              proto.getYMean(i));
    }
    return new Compiled(new SparseLinearScorer(dimensions), compiler.answers(), 0);
  }
}
