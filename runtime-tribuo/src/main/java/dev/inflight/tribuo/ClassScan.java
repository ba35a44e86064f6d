package dev.inflight.tribuo;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.RootProvenanceProto;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Every class name in a model file, found without loading any class of the file's choice. Tribuo
 * passes these names to {@code Class.forName}, which runs static initialisers before it looks at
 * the type.
 *
 * <p>Invariant: a message inside an {@code Any} is walked with the type that Tribuo will unpack it
 * as; a type that is not a generated class of Tribuo's own modules is refused, so nothing stays
 * unseen.
 */
final class ClassScan {
  /** {@code Any} in {@code Any}; an ensemble of transformed models has about 8. */
  private static final int MAX_DEPTH = 32;

  /**
   * The files of generated messages; a module that is not on the class path cannot load its models
   * either.
   */
  private static final List<String> PROTOS =
      List.of(
          "com.oracle.labs.mlrg.olcut.config.protobuf.protos.OlcutProto",
          "org.tribuo.protos.core.TribuoCore",
          "org.tribuo.protos.core.TribuoCoreImpl",
          "org.tribuo.math.protos.TribuoMath",
          "org.tribuo.math.protos.TribuoMathImpl",
          "org.tribuo.common.sgd.protos.TribuoSgd",
          "org.tribuo.common.tree.protos.TribuoTree",
          "org.tribuo.common.libsvm.protos.TribuoLibsvm",
          "org.tribuo.common.liblinear.protos.TribuoLiblinear",
          "org.tribuo.common.nearest.protos.TribuoCommonKnn",
          "org.tribuo.classification.protos.TribuoClassificationCore",
          "org.tribuo.classification.sgd.protos.TribuoClassificationSgd",
          "org.tribuo.classification.libsvm.protos.TribuoClassificationLibsvm",
          "org.tribuo.classification.mnb.protos.TribuoClassificationMnb",
          "org.tribuo.regression.protos.TribuoRegressionCore",
          "org.tribuo.regression.sgd.protos.TribuoRegressionSgd",
          "org.tribuo.regression.slm.protos.TribuoRegressionSlm",
          "org.tribuo.regression.rtree.protos.TribuoRegressionTree",
          "org.tribuo.regression.libsvm.protos.TribuoRegressionLibsvm",
          "org.tribuo.multilabel.protos.TribuoMultilabelCore",
          "org.tribuo.multilabel.sgd.protos.TribuoMultilabelSgd",
          "org.tribuo.anomaly.protos.TribuoAnomalyCore",
          "org.tribuo.anomaly.libsvm.protos.TribuoAnomalyLibsvm",
          "org.tribuo.clustering.protos.TribuoClusteringCore",
          "org.tribuo.clustering.kmeans.protos.TribuoClusteringKmeans",
          "org.tribuo.clustering.hdbscan.protos.TribuoClusteringHdbscan");

  private final Map<String, Descriptor> types = new HashMap<>();
  private final Set<String> found = new TreeSet<>();

  private ClassScan() {
    for (String name : PROTOS) {
      try {
        FileDescriptor file =
            (FileDescriptor) Class.forName(name).getMethod("getDescriptor").invoke(null);
        file.getMessageTypes().forEach(type -> types.putIfAbsent(type.getFullName(), type));
      } catch (ClassNotFoundException e) {
        // an absent module; its messages stay unknown and are refused
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(name + " is not a generated class", e);
      }
    }
  }

  /**
   * {@return the class names, sorted} Scan the very message that Tribuo deserialises, so that no
   * two parsers disagree.
   *
   * @throws InvalidProtocolBufferException if a part of it is of an unknown type, malformed, nested
   *     too deep, or starts threads
   */
  static Set<String> of(Message model) throws InvalidProtocolBufferException {
    ClassScan scan = new ClassScan();
    scan.walk(model, 0);
    return scan.found;
  }

  private void walk(Message message, int depth) throws InvalidProtocolBufferException {
    if (message.getDescriptorForType().getFullName().equals("google.protobuf.Any")) {
      unpack(message, depth);
      return;
    }
    if (message.getDescriptorForType().getFullName().equals("olcut.RootProvenanceProto")) {
      ProvenanceSize.requireBounded(
          message instanceof RootProvenanceProto root
              ? root
              : RootProvenanceProto.parseFrom(message.toByteString()));
    }
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      Collection<?> values =
          field.isRepeated() ? (List<?>) entry.getValue() : List.of(entry.getValue());
      for (Object value : values) {
        if (value instanceof Message inner) {
          walk(inner, depth);
        } else if (value instanceof String text && !text.isEmpty() && isClassName(field, message)) {
          found.add(text);
        } else if (value instanceof Integer threads
            && threads > 1
            && field.getFullName().equals("tribuo.common.nearest.KNNModelProto.num_threads")) {
          // a pool of that many threads for every row, never shut down; there is no setter
          throw new InvalidProtocolBufferException(
              "KNN model: expected numThreads 1, got " + threads + "; train it with 1");
        }
      }
    }
  }

  /** {@code object_class_name} is only printed, and a tree node's is never looked up. */
  private static boolean isClassName(FieldDescriptor field, Message message) {
    if (field.getFullName().equals("olcut.SimpleProvenanceProto.additional")) {
      // an enum's class, or a hash's algorithm
      FieldDescriptor kind =
          message.getDescriptorForType().findFieldByName("provenance_class_name");
      return !message
          .getField(kind)
          .equals("com.oracle.labs.mlrg.olcut.provenance.primitives.HashProvenance");
    }
    return field.getName().equals("provenance_class_name")
        || (field.getName().equals("class_name")
            && !field.getFullName().equals("tribuo.common.tree.TreeNodeProto.class_name"));
  }

  private void unpack(Message any, int depth) throws InvalidProtocolBufferException {
    Descriptor self = any.getDescriptorForType();
    String url = (String) any.getField(self.findFieldByNumber(Any.TYPE_URL_FIELD_NUMBER));
    ByteString bytes = (ByteString) any.getField(self.findFieldByNumber(Any.VALUE_FIELD_NUMBER));
    if (url.isEmpty() && bytes.isEmpty()) {
      return;
    }
    Descriptor type = types.get(url.substring(url.lastIndexOf('/') + 1));
    if (type == null) {
      throw new InvalidProtocolBufferException("unknown message type '" + url + "'");
    }
    if (depth == MAX_DEPTH) {
      throw new InvalidProtocolBufferException("nested more than " + MAX_DEPTH + " deep");
    }
    walk(DynamicMessage.parseFrom(type, bytes), depth + 1);
  }
}
