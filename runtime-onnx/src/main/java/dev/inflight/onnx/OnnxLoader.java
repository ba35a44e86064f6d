package dev.inflight.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.Codec;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Loads {@code *.onnx}, from verified bytes only, weights in other files included. Immutable; safe
 * for several threads.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class OnnxLoader<I, O> implements ModelLoader<I, O> {
  private final @Nullable Codec<I, O> codec;
  private final OnnxOptions options;

  private OnnxLoader(@Nullable Codec<I, O> codec, OnnxOptions options) {
    this.codec = codec;
    this.options = options;
  }

  /** {@return a loader whose rows go through a codec} */
  public static <I, O> OnnxLoader<I, O> of(Codec<I, O> codec) {
    return new OnnxLoader<>(codec, OnnxOptions.defaults());
  }

  /** {@return a loader whose rows are tensors as the model has them, dimension 0 being rows} */
  public static OnnxLoader<Tensors, Tensors> tensors() {
    return new OnnxLoader<>(null, OnnxOptions.defaults());
  }

  /** {@return this with other options} */
  public OnnxLoader<I, O> withOptions(OnnxOptions options) {
    return new OnnxLoader<>(codec, options);
  }

  /**
   * {@inheritDoc}
   *
   * @throws ModelLoadException of stage {@code RUNTIME} if ONNX Runtime does not work here, {@code
   *     VERIFY} if bytes changed, {@code LOAD} if ONNX Runtime or our checks refuse the model,
   *     {@code BIND} if the codec does not fit it
   */
  @Override
  public Model<I, O> load(ModelArtifact artifact) {
    OrtEnvironment environment = OnnxRuntime.environment();
    ByteBuffer bytes = artifact.read(artifact.modelFile("onnx"));
    OnnxGraph graph = scan(artifact, bytes);
    Signature declared = new Signature(graph.inputs(), chosen(artifact, graph.outputs()));
    requireRanks(artifact, declared);
    Signature signature = codec == null ? declared : rows(artifact, declared);
    List<AutoCloseable> opened = new ArrayList<>();
    try {
      OrtSession.SessionOptions settings = new OrtSession.SessionOptions();
      opened.add(settings);
      apply(settings);
      long outside = bytes.capacity() + external(artifact, graph, environment, settings, opened);
      OrtSession session = environment.createSession(bytes, settings);
      opened.add(session);
      OnnxModel model =
          new OnnxModel(
              artifact,
              graph,
              signature,
              options,
              environment,
              session,
              List.copyOf(opened),
              outside);
      if (options.compiled()) {
        Optional<Compiled> compiled = SelfCheck.compile(model, bytes);
        if (compiled.isPresent()) {
          OnnxModel.closeAll(opened);
          opened.clear();
          model = model.with(artifact, compiled.get());
        }
      }
      return finish(artifact, model);
    } catch (ModelLoadException e) {
      OnnxModel.closeAll(opened);
      throw e;
    } catch (OrtException | RuntimeException | Error e) {
      OnnxModel.closeAll(opened);
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD,
          artifact.label() + ": onnxruntime refused the model: " + e.getMessage(),
          e);
    }
  }

  @SuppressWarnings("unchecked") // without a codec, I and O are Tensors
  private Model<I, O> finish(ModelArtifact artifact, OnnxModel model) {
    if (codec == null) {
      return (Model<I, O>) new TensorsModel(model);
    }
    try {
      return new CodecModel<>(model, codec.bind(artifact, model.signature()));
    } catch (Exception e) {
      throw new ModelLoadException(
          ModelLoadException.Stage.BIND,
          artifact.label() + " does not fit the codec: " + e.getMessage(),
          e);
    }
  }

  private static OnnxGraph scan(ModelArtifact artifact, ByteBuffer bytes) {
    try {
      return OnnxGraph.read(bytes);
    } catch (IllegalArgumentException e) {
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD, artifact.label() + ": " + e.getMessage(), e);
    }
  }

  private List<ValueSpec> chosen(ModelArtifact artifact, List<ValueSpec> all) {
    if (options.outputs().isEmpty()) {
      return all;
    }
    Set<String> wanted = options.outputs().get();
    List<ValueSpec> chosen = all.stream().filter(spec -> wanted.contains(spec.name())).toList();
    if (chosen.size() != wanted.size() || chosen.isEmpty()) {
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD,
          artifact.label() + ": expected outputs " + wanted + ", the model has " + all);
    }
    return chosen;
  }

  private void requireRanks(ModelArtifact artifact, Signature signature) {
    for (ValueSpec spec : signature.inputs()) {
      if (spec.kind() == ValueSpec.Kind.TENSOR
          && !spec.shape().isDeclared()
          && !options.undeclaredRank()) {
        throw new ModelLoadException(
            ModelLoadException.Stage.LOAD,
            artifact.label()
                + ": input "
                + spec
                + ": expected a declared rank, got none; a wrong rank can kill the JVM"
                + " (OnnxOptions.withUndeclaredRank allows it)");
      }
    }
  }

  /** The signature as a codec sees it. */
  private Signature rows(ModelArtifact artifact, Signature declared) {
    try {
      Signature signature = options.fixedBatch() ? FixedBatch.open(declared) : declared;
      options
          .padding()
          .forEach((name, value) -> Padding.of(declared.inputs().get(declared.input(name)), value));
      return signature;
    } catch (IllegalArgumentException e) {
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD, artifact.label() + ": " + e.getMessage(), e);
    }
  }

  private void apply(OrtSession.SessionOptions settings) throws OrtException {
    settings.setIntraOpNumThreads(options.intraOpThreads());
    settings.setInterOpNumThreads(options.interOpThreads());
    settings.setCPUArenaAllocator(options.arena());
    settings.addConfigEntry("session.intra_op.allow_spinning", options.spinning() ? "1" : "0");
    settings.addConfigEntry("session.inter_op.allow_spinning", options.spinning() ? "1" : "0");
    settings.setOptimizationLevel(
        switch (options.optimization()) {
          case NONE -> OrtSession.SessionOptions.OptLevel.NO_OPT;
          case BASIC -> OrtSession.SessionOptions.OptLevel.BASIC_OPT;
          case EXTENDED -> OrtSession.SessionOptions.OptLevel.EXTENDED_OPT;
          case ALL -> OrtSession.SessionOptions.OptLevel.ALL_OPT;
        });
    for (String provider : options.providers()) {
      switch (provider) {
        case "CUDA" -> settings.addCUDA();
        case "TENSORRT" -> settings.addTensorrt(0);
        case "COREML" -> settings.addCoreML();
        case "DNNL" -> settings.addDnnl(options.arena());
        case "XNNPACK" -> settings.addXnnpack(Map.of());
        default -> {
          // the CPU is always there, last
        }
      }
    }
  }

  /**
   * Hands every weight of another file over as verified bytes, so that ONNX Runtime opens and maps
   * nothing itself.
   */
  private static long external(
      ModelArtifact artifact,
      OnnxGraph graph,
      OrtEnvironment environment,
      OrtSession.SessionOptions settings,
      List<AutoCloseable> opened)
      throws OrtException {
    Map<String, ByteBuffer> files = new HashMap<>();
    Map<String, ai.onnxruntime.OnnxTensorLike> tensors = new HashMap<>();
    for (OnnxGraph.External weight : graph.external()) {
      String where = artifact.label() + ": weight '" + weight.name() + "'";
      String location =
          weight.location().startsWith("./") ? weight.location().substring(2) : weight.location();
      if (!artifact.files().containsKey(location)) {
        throw new ModelLoadException(
            ModelLoadException.Stage.LOAD,
            where
                + ": expected its data in a file of the version, got '"
                + weight.location()
                + "' (files "
                + artifact.files().keySet()
                + ")");
      }
      ByteBuffer file = files.computeIfAbsent(location, artifact::read);
      long need = weight.type().bytes(weight.shape().elements());
      long length = weight.length().orElse(need);
      if (length != need || weight.offset() > file.capacity() - need) {
        throw new ModelLoadException(
            ModelLoadException.Stage.LOAD,
            where
                + ": expected "
                + need
                + " bytes at offset "
                + weight.offset()
                + " of '"
                + location
                + "', got length "
                + length
                + " in a file of "
                + file.capacity());
      }
      ByteBuffer part =
          file.slice((int) weight.offset(), (int) need).order(ByteOrder.nativeOrder());
      OnnxTensor tensor =
          OnnxTensor.createTensor(
              environment,
              part,
              weight.shape().dims(),
              Values.javaType(weight.type(), "weight '" + weight.name() + "'"));
      opened.add(tensor);
      tensors.put(weight.name(), tensor);
    }
    if (!tensors.isEmpty()) {
      settings.addExternalInitializers(tensors);
    }
    return files.values().stream().mapToLong(ByteBuffer::capacity).sum();
  }
}
