package dev.inflight.onnx;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Turns a model of one ONNX-ML operator, and what converters put behind it, into flat arrays.
 *
 * <p>Which checks ONNX Runtime made when it took the model are not made again; what would let our
 * own code run wild is.
 */
final class Compiler {
  private static final Map<DataType, Boolean> SINGLE =
      Map.of(
          DataType.FLOAT32,
          true,
          DataType.FLOAT64,
          false,
          DataType.INT64,
          true,
          DataType.INT32,
          true);

  private final OnnxNode operator;
  private final DataType input;
  private final int columns;

  private Compiler(OnnxNode operator, DataType input, int columns) {
    this.operator = operator;
    this.input = input;
    this.columns = columns;
  }

  /**
   * A compiled form that was not compared with anything yet.
   *
   * @param probes rows to compare it with ONNX Runtime on
   */
  record Draft(Compiled compiled, Probes probes, boolean sameInBatches) {}

  /**
   * {@return the model's compiled form}
   *
   * @throws UncompilableException if it is no such model; {@link IllegalArgumentException} and
   *     {@link ArithmeticException} if its attributes make no sense
   */
  static Draft compile(ByteBuffer file, OnnxGraph graph, Signature signature, OnnxOptions options) {
    if (options.intraOpThreads() > 1) {
      throw new UncompilableException("threads inside an operator: they change the order of sums");
    }
    if (options.zeroDimensions() || signature.inputs().size() != 1) {
      throw new UncompilableException("the shape of its inputs");
    }
    ValueSpec input = graph.inputs().get(0);
    if (!input.isBatched() || input.shape().rank() != 2 || !input.rowShape().isFixed()) {
      throw new UncompilableException("input " + input);
    }
    if (!SINGLE.containsKey(input.type())) {
      throw new UncompilableException("input " + input);
    }
    OnnxNode.Graph nodes = OnnxNode.read(file);
    OnnxNode operator = nodes.nodes().get(0);
    if (!operator.inputs().equals(List.of(input.name()))) {
      throw new UncompilableException("a first node " + operator.type());
    }
    int columns = Math.toIntExact(input.shape().dim(1));
    return new Compiler(operator, input.type(), columns).draft(nodes, signature);
  }

  private Draft draft(OnnxNode.Graph nodes, Signature signature) {
    Scorer scorer;
    Optional<Ensemble> trees = Optional.empty();
    if (operator.is("LinearRegressor") || operator.is("LinearClassifier")) {
      scorer = linear();
    } else {
      Ensemble ensemble = ensemble();
      scorer = treeScorer(ensemble);
      ensemble.require(columns, scorer.scores());
      trees = Optional.of(ensemble);
    }
    List<Answer> answers = answers(nodes, signature, scorer);
    Compiled compiled = new Compiled(operator.type(), input, columns, scorer, answers);
    return new Draft(compiled, new Probes(trees, columns, input), trees.isPresent());
  }

  private Ensemble ensemble() {
    if (operator.is("TreeEnsembleRegressor")) {
      return EnsembleReader.named(operator, "target");
    }
    if (operator.is("TreeEnsembleClassifier")) {
      return EnsembleReader.named(operator, "class");
    }
    if (operator.is("TreeEnsemble")) {
      return EnsembleReader.numbered(operator);
    }
    throw new UncompilableException("operator " + operator.type());
  }

  private boolean isSingle() {
    return Boolean.TRUE.equals(SINGLE.get(input));
  }

  private Scorer treeScorer(Ensemble ensemble) {
    double[] base = operator.floatsOrTensor("base_values");
    if (operator.is("TreeEnsembleClassifier")) {
      return new TreeClassifier(
          ensemble,
          isSingle(),
          Transform.of(operator.text("post_transform", "NONE")),
          base,
          classes(),
          operator.integers("class_ids"),
          operator.floatsOrTensor("class_weights"));
    }
    boolean numbered = operator.is("TreeEnsemble");
    // In ONNX Runtime's order, which is not that of the standard: 1 is SOFTMAX there.
    String transform =
        numbered
            ? numbered(
                operator.integer("post_transform", 0),
                "NONE",
                "LOGISTIC",
                "SOFTMAX",
                "SOFTMAX_ZERO")
            : operator.text("post_transform", "NONE");
    String aggregate =
        numbered
            ? numbered(operator.integer("aggregate_function", 1), "AVERAGE", "SUM", "MIN", "MAX")
            : operator.text("aggregate_function", "SUM");
    int targets = Math.toIntExact(operator.integer("n_targets", 0));
    if (targets < 1) {
      throw new UncompilableException(targets + " targets");
    }
    return new TreeScorer(
        ensemble,
        isSingle(),
        numbered && !isSingle(),
        TreeScorer.Aggregate.valueOf(aggregate),
        Transform.of(transform),
        base,
        targets);
  }

  private static String numbered(long number, String... names) {
    return number >= 0 && number < names.length ? names[(int) number] : "number " + number;
  }

  private int classes() {
    int texts = operator.texts("classlabels_strings").size();
    return texts > 0 ? texts : integerLabels().length;
  }

  private long[] integerLabels() {
    return operator.integers(
        operator.is("LinearClassifier") ? "classlabels_ints" : "classlabels_int64s");
  }

  private Scorer linear() {
    double[] coefficients = operator.floats("coefficients");
    Transform transform = Transform.of(operator.text("post_transform", "NONE"));
    double[] intercepts = operator.floats("intercepts");
    if (operator.is("LinearClassifier")) {
      boolean two = intercepts.length == 1 && classes() == 2;
      if (!two && (intercepts.length < 2 || classes() < intercepts.length)) {
        throw new UncompilableException(classes() + " classes of " + intercepts.length);
      }
      return new LinearScorer(coefficients, intercepts, columns, transform, two);
    }
    int targets = Math.toIntExact(operator.integer("targets", 1));
    double[] all = intercepts.length == targets ? intercepts : new double[targets];
    return new LinearScorer(coefficients, all, columns, transform, false);
  }

  private List<Answer> answers(OnnxNode.Graph nodes, Signature signature, Scorer scorer) {
    Map<String, Answer> first = new HashMap<>();
    boolean wide = scorer instanceof TreeScorer && operator.is("TreeEnsemble") && !isSingle();
    boolean labelled = operator.type().endsWith("Classifier");
    if (operator.outputs().size() != (labelled ? 2 : 1)) {
      throw new UncompilableException(operator.outputs().size() + " outputs");
    }
    if (labelled) {
      first.put(operator.outputs().get(0), labels(scorer));
    }
    first.put(
        operator.outputs().get(labelled ? 1 : 0),
        new Answer.Scores(scorer.scores(), wide, List.of()));
    Tail tail = new Tail(first, nodes.weights());
    nodes.nodes().stream().skip(1).forEach(tail::follow);
    List<Answer> answers = new ArrayList<>();
    for (ValueSpec output : signature.outputs()) {
      Answer answer = tail.value(output.name());
      if (answer == null || !answer.fits(output)) {
        throw new UncompilableException("output " + output);
      }
      answers.add(answer);
    }
    if (answers.stream().filter(Answer.Maps.class::isInstance).count() > 1) {
      throw new UncompilableException("several ZipMaps");
    }
    return List.copyOf(answers);
  }

  private Answer labels(Scorer scorer) {
    List<String> texts = operator.texts("classlabels_strings");
    if (!texts.isEmpty()) {
      return new Answer.Texts(texts);
    }
    boolean given = !(scorer instanceof TreeClassifier trees) || trees.usesLabels();
    return given ? new Answer.Numbers(boxed(integerLabels())) : new Answer.Numbers(List.of(0L, 1L));
  }

  static List<Long> boxed(long[] labels) {
    return Arrays.stream(labels).boxed().toList();
  }
}
