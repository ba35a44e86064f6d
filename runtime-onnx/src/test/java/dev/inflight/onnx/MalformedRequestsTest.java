package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.Runner;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad rows are refused in Java, by name, and the session never sees them. */
class MalformedRequestsTest {
  private static final List<String> MODELS =
      List.of(
          "onnx/multi-io",
          "onnx/gru",
          "onnx/digits-convnet",
          "onnx/mixed-pipeline",
          "onnx/regression-float64",
          "onnx/float16",
          "onnx-special/zero-dim-einsum",
          "onnx-special/fixed-batch-1",
          "onnx-special/scalar-input");

  /** Counts the runners that were made, which is before any run. */
  private record Counting(Model<Tensors, Tensors> model, AtomicInteger runners)
      implements Model<Tensors, Tensors> {
    @Override
    public ModelInfo info() {
      return model.info();
    }

    @Override
    public Runner<Tensors, Tensors> newRunner(Lane lane) throws Exception {
      runners.incrementAndGet();
      return model.newRunner(lane);
    }

    @Override
    public void validate(Tensors row) {
      model.validate(row);
    }

    @Override
    public void close() {
      model.close();
    }
  }

  @Test
  void predict_generatedMalformedRows_refusesEachBeforeTheSession() {
    int count = 0;
    List<String> wrong = new ArrayList<>();
    for (String name : MODELS) {
      AtomicInteger runners = new AtomicInteger();
      OnnxGraph graph = graph(name);
      try (Lanes lanes = Lanes.of(1);
          ModelSlot<Tensors, Tensors> slot = slot(name, OnnxOptions.defaults(), runners, lanes)) {
        for (MalformedRows.Bad bad : MalformedRows.of(graph)) {
          count++;
          verdict(() -> slot.predictor().predict(bad.row()), name + ": " + bad, wrong);
        }
        assertThat(runners).as(name).hasValue(0);
        slot.predictor().predict(MalformedRows.good(graph));
        assertThat(runners).as(name + " with a good row").hasValue(1);
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(count).isGreaterThanOrEqualTo(300);
    System.out.println("malformed rows refused: " + count);
  }

  private static void verdict(ThrowingCallable call, String what, List<String> wrong) {
    try {
      call.call();
      wrong.add(what + " was answered");
    } catch (InvalidInputException e) {
      String message = String.valueOf(e.getMessage());
      if (!message.contains(" v1: ")
          || !message.contains("expected ")
          || !message.contains(", got ")) {
        wrong.add(what + " got message " + message);
      }
    } catch (Throwable e) {
      wrong.add(what + " threw " + e);
    }
  }

  @Test
  void submitAndPredictAll_malformedRow_areRefusedToo() {
    AtomicInteger runners = new AtomicInteger();
    Tensors good = MalformedRows.good(graph("onnx/multi-io"));
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot =
            slot("onnx/multi-io", OnnxOptions.defaults(), runners, lanes)) {
      for (MalformedRows.Bad bad : MalformedRows.of(graph("onnx/multi-io"))) {
        assertThatThrownBy(() -> slot.predictor().predictAll(List.of(good, bad.row())))
            .as(bad.what())
            .isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> submit(slot, bad.row()))
            .as(bad.what())
            .isInstanceOf(InvalidInputException.class);
      }
      assertThat(runners).hasValue(0);
    }
  }

  private static void submit(ModelSlot<Tensors, Tensors> slot, Tensors row) throws Throwable {
    try {
      slot.predictor().submit(row).join();
    } catch (CompletionException e) {
      throw e.getCause();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 100, 2 * 32 - 1})
  void predict_rowOverMaxRowBytes_isRefused(long limit) {
    AtomicInteger runners = new AtomicInteger();
    OnnxOptions options = OnnxOptions.defaults().withMaxRowBytes(limit);
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = slot("onnx/gru", options, runners, lanes)) {
      Tensors row = Tensors.of("rows", MalformedRows.tensor(DataType.FLOAT32, 2, 2, 8));
      assertThatThrownBy(() -> slot.predictor().predict(row))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("gru v1", "expected a row of at most " + limit, "got 128");
      assertThat(runners).hasValue(0);
    }
  }

  @Test
  void predict_symbolsDiffer_namesTheSymbol() {
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot =
            slot("onnx/multi-io", OnnxOptions.defaults(), new AtomicInteger(), lanes)) {
      Tensors row =
          Tensors.of("measurements", MalformedRows.tensor(DataType.FLOAT32, 2, 8))
              .and("groups", MalformedRows.tensor(DataType.INT64, 3, 2));
      assertThatThrownBy(() -> slot.predictor().predict(row))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll("multi-io v1", "'groups'", "'batch' to be 2", "got", "[3, 2]");
    }
  }

  @Test
  void tensor_impossible_cannotBeBuilt() {
    ByteBuffer little = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer big = ByteBuffer.allocate(8).order(ByteOrder.BIG_ENDIAN);
    ByteBuffer wrong = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? little : big;
    ByteBuffer right = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? big : little;
    List<ThrowingCallable> calls =
        List.of(
            () -> Tensor.over(DataType.FLOAT32, Shape.of(2), wrong),
            () -> Tensor.over(DataType.FLOAT32, Shape.of(3), right),
            () -> Tensor.over(DataType.FLOAT32, Shape.of(1), right),
            () -> Tensor.over(DataType.FLOAT32, Shape.of(1L << 32, 1L << 32), right),
            () -> Tensor.over(DataType.FLOAT64, Shape.of(Long.MAX_VALUE), right),
            () -> Tensor.over(DataType.FLOAT32, Shape.of(1L << 40, 1L << 40, 0), right),
            () -> Tensor.over(DataType.FLOAT32, Shape.of(Shape.OPEN, 2), right),
            () -> Tensor.over(DataType.FLOAT32, Shape.UNDECLARED, right),
            () -> Tensor.over(DataType.STRING, Shape.of(1), right),
            () -> Tensor.of(new float[2], 3),
            () -> Tensor.of(new float[2], -2, -1),
            () -> Tensor.of(new float[] {1}, Long.MIN_VALUE),
            () -> Tensor.of(new String[] {null}, 1),
            () -> Tensors.of("x", Tensor.of(new float[1])).and("x", Tensor.of(new float[1])));
    assertThat(calls)
        .allSatisfy(call -> assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class));
  }

  @Test
  void tensors_nullNameOrValue_cannotBeBuilt() {
    assertThatThrownBy(() -> Tensors.of("x", null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Tensors.empty().and(null, Tensor.of(new float[1])))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> Tensors.of(java.util.Collections.singletonMap("x", null)))
        .isInstanceOf(NullPointerException.class);
    assertThat(Tensors.of(Map.of())).isEqualTo(Tensors.empty());
  }

  private static OnnxGraph graph(String name) {
    return OnnxGraph.read(CaseFiles.bytes(CaseFiles.models(name).resolve("model.onnx")));
  }

  private static ModelSlot<Tensors, Tensors> slot(
      String name, OnnxOptions options, AtomicInteger runners, Lanes lanes) {
    Path directory = CaseFiles.models(name);
    ModelArtifact artifact = ModelArtifact.of(directory.getFileName().toString(), "1", directory);
    return ModelSlot.of(
        new Counting(OnnxLoader.tensors().withOptions(options).load(artifact), runners), lanes);
  }
}
