package dev.inflight.tribuo;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.inflight.Codec;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.tribuo.Example;
import org.tribuo.Output;
import org.tribuo.Prediction;
import org.tribuo.VariableInfo;
import org.tribuo.protos.core.ModelProto;
import org.tribuo.protos.core.SequenceModelProto;
import org.tribuo.sequence.SequenceExample;
import org.tribuo.sequence.SequenceModel;

/**
 * Loads Tribuo 4.3 models, {@code *.tribuo} in protobuf form. Before Tribuo parses a file, every
 * class name in it, nested ones and provenance included, must be on the allow-list: Tribuo's and
 * OLCUT's own classes except those that read serialised Java objects (LibLinear) or other
 * libraries' models. Immutable; safe for several threads.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class TribuoLoader<I, O> implements ModelLoader<I, O> {
  private static final String RUNTIME = "tribuo";

  /**
   * Exact names: a prefix would let a file run the static initialiser of any class of Tribuo or
   * OLCUT.
   */
  private static final Set<String> ALLOWED = allowed();

  /** How a loaded file becomes a model of the user's types. */
  private interface Opener<I, O> {
    Model<I, O> open(ModelArtifact artifact, ModelProto proto, boolean compile) throws Exception;
  }

  private final Opener<I, O> opener;
  private final Set<String> extra;
  private final boolean compile;

  private TribuoLoader(Opener<I, O> opener, Set<String> extra, boolean compile) {
    this.opener = opener;
    this.extra = extra;
    this.compile = compile;
  }

  /**
   * {@return a loader whose rows go through a codec} The model has one input, {@code features},
   * FLOAT64 with a column per feature, and the outputs of its kind: {@code label} and {@code
   * probabilities}, or {@code scores}; {@code values}; {@code labels} and {@code scores}; {@code
   * anomalous} and {@code score}; {@code cluster}.
   *
   * <p>Linear models, decision trees and ensembles of decision trees are compiled into flat arrays.
   * Their answers are Tribuo's own to the last bit: a form that differs on any of some hundred rows
   * compared at load is dropped with a warning, and Tribuo answers, as for all other models.
   */
  public static <I, O> TribuoLoader<I, O> of(Codec<I, O> codec) {
    return new TribuoLoader<>(
        (artifact, proto, compile) ->
            bind(artifact, proto, org.tribuo.Model.deserialize(proto), codec, compile),
        Set.of(),
        true);
  }

  /** {@return a loader whose rows are Tribuo's own examples, for sparse features} */
  public static <T extends Output<T>> TribuoLoader<Example<T>, Prediction<T>> examples(
      Class<T> output) {
    return new TribuoLoader<>(
        (artifact, proto, compile) -> openExamples(artifact, proto, output), Set.of(), false);
  }

  /**
   * {@return a loader for sequence models: a row is a sequence, its answer one prediction an
   * element}
   */
  public static <T extends Output<T>>
      TribuoLoader<SequenceExample<T>, List<Prediction<T>>> sequences(Class<T> output) {
    return new TribuoLoader<>(
        (artifact, proto, compile) -> openSequences(artifact, proto, output), Set.of(), false);
  }

  /**
   * {@return this, letting these classes be named by a file too} Allow only what a trusted
   * publisher needs: {@code Class.forName} runs their static initialisers, and LibLinear's read
   * serialised Java objects.
   */
  public TribuoLoader<I, O> allow(Set<String> classNames) {
    Set<String> all = new HashSet<>(extra);
    all.addAll(classNames);
    return new TribuoLoader<>(opener, Set.copyOf(all), compile);
  }

  /**
   * {@return this, but no model is compiled: Tribuo's own code answers every row} For a model whose
   * load must be as short as possible, or for comparison.
   */
  public TribuoLoader<I, O> interpreted() {
    return new TribuoLoader<>(opener, extra, false);
  }

  /**
   * {@inheritDoc}
   *
   * @throws ModelLoadException of stage {@code VERIFY} if bytes changed, {@code LOAD} if a class is
   *     not allowed or Tribuo refuses the model, {@code BIND} if the codec does not fit it
   */
  @Override
  public Model<I, O> load(ModelArtifact artifact) {
    ByteBuffer bytes = artifact.read(artifact.modelFile("tribuo"));
    try {
      // SequenceModelProto has the same fields under the same numbers.
      ModelProto proto = ModelProto.parseFrom(bytes.duplicate());
      requireAllowed(artifact, proto);
      return opener.open(artifact, proto, compile);
    } catch (ModelLoadException e) {
      throw e;
    } catch (Exception | LinkageError | StackOverflowError e) {
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD, artifact.label() + ": Tribuo refused the model: " + e, e);
    }
  }

  private void requireAllowed(ModelArtifact artifact, ModelProto proto)
      throws InvalidProtocolBufferException {
    Set<String> refused = new TreeSet<>();
    for (String name : ClassScan.of(proto)) {
      boolean allowed = ALLOWED.contains(name) || extra.contains(name);
      if (!allowed) {
        refused.add(name);
      }
    }
    if (!refused.isEmpty()) {
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD,
          artifact.label()
              + ": expected only allowed class names, got "
              + refused
              + "; TribuoLoader.allow accepts them from a publisher you trust");
    }
  }

  private static Set<String> allowed() {
    try (InputStream in = TribuoLoader.class.getResourceAsStream("allowed-classes.txt")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .map(String::strip)
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static <T extends Output<T>, I, O> Model<I, O> bind(
      ModelArtifact artifact,
      ModelProto proto,
      org.tribuo.Model<T> model,
      Codec<I, O> codec,
      boolean compile) {
    Answers<T> answers = Answers.of(model);
    List<String> features = new ArrayList<>();
    for (VariableInfo feature : model.getFeatureIDMap()) {
      features.add(feature.getName());
    }
    features.sort(null);
    ValueSpec input =
        ValueSpec.tensor("features", DataType.FLOAT64, Shape.of(Shape.OPEN, features.size()))
            .withColumns(features);
    Signature signature = new Signature(List.of(input), answers.outputs());
    ModelInfo info = info(artifact, signature, Provenances.flat(model.getProvenance()));
    Codec.Bound<I, O> bound;
    try {
      bound = codec.bind(artifact, signature);
    } catch (Exception e) {
      throw new ModelLoadException(
          ModelLoadException.Stage.BIND,
          artifact.label() + " does not fit the codec: " + e.getMessage(),
          e);
    }
    Optional<Compiled> compiled =
        compile
            ? new Compiler<>(model, proto, answers, features).compile(artifact.label())
            : Optional.empty();
    return new TribuoModel<>(info, model, answers, features, compiled, bound);
  }

  private static <T extends Output<T>> Model<Example<T>, Prediction<T>> openExamples(
      ModelArtifact artifact, ModelProto proto, Class<T> output)
      throws InvalidProtocolBufferException {
    org.tribuo.Model<T> model = org.tribuo.Model.deserialize(proto).castModel(output);
    return new NativeModel<>(
        info(
            artifact, new Signature(List.of(), List.of()), Provenances.flat(model.getProvenance())),
        model::predict);
  }

  private static <T extends Output<T>> Model<SequenceExample<T>, List<Prediction<T>>> openSequences(
      ModelArtifact artifact, ModelProto proto, Class<T> output)
      throws InvalidProtocolBufferException {
    SequenceModel<T> model =
        SequenceModel.deserialize(SequenceModelProto.parseFrom(proto.toByteString()))
            .castModel(output);
    return new NativeModel<>(
        info(
            artifact, new Signature(List.of(), List.of()), Provenances.flat(model.getProvenance())),
        model::predict);
  }

  private static ModelInfo info(
      ModelArtifact artifact, Signature signature, Map<String, String> metadata) {
    String version = metadata.getOrDefault("tribuo-version", "");
    return new ModelInfo(
        artifact.name(),
        artifact.version(),
        (RUNTIME + " " + version).strip(),
        signature,
        artifact.digest(),
        metadata);
  }
}
