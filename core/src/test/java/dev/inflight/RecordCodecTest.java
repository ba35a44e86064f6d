package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The rule table of {@link Codec#records}. */
@SuppressWarnings("ArrayRecordComponent") // arrays are among the components to be tested
class RecordCodecTest {
  record Flower(float sepalLength, double petalWidth) {}

  record Pair(int b, int a) {}

  record Mixed(float[] pixels, long id, String name, boolean flag) {}

  record Ids(long[] ids) {}

  record Anything(double whatever) {}

  record Label(String label) {}

  record Scored(String label, float probability) {}

  record Scores(Map<String, Float> probabilities) {}

  record Columns(double cat, float dog) {}

  record Many(float[] values, long count, boolean yes) {}

  private static final ModelArtifact ARTIFACT =
      ModelArtifact.of("m", "1", Path.of("unused"), Map.of());

  private static ValueSpec spec(String name, DataType type, long... rowDims) {
    long[] dims = new long[rowDims.length + 1];
    dims[0] = Shape.OPEN;
    System.arraycopy(rowDims, 0, dims, 1, rowDims.length);
    return ValueSpec.tensor(name, type, Shape.of(dims));
  }

  private static RowBuffers placed(int rows, List<ValueSpec> specs) {
    RowBuffers buffers = new RowBuffers(specs);
    buffers.place(ByteBuffer.allocateDirect(Math.toIntExact(buffers.bytes(rows))), rows);
    return buffers;
  }

  private static <I extends Record> RowBuffers encode(Class<I> in, I row, ValueSpec... inputs) {
    ValueSpec out = spec("label", DataType.STRING);
    RowBuffers buffers = placed(1, List.of(inputs));
    bind(in, Label.class, List.of(inputs), List.of(out)).encode(row, begun(buffers));
    buffers.writer().end();
    return buffers;
  }

  private static dev.inflight.tensor.RowWriter begun(RowBuffers buffers) {
    buffers.writer().begin(0);
    return buffers.writer();
  }

  private static <I extends Record, O extends Record> Codec.Bound<I, O> bind(
      Class<I> in, Class<O> out, List<ValueSpec> inputs, List<ValueSpec> outputs) {
    try {
      return Codec.records(in, out).bind(ARTIFACT, new Signature(inputs, outputs));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static <O extends Record> O decode(Class<O> out, RowBuffers buffers, ValueSpec... specs) {
    List<ValueSpec> in = List.of(spec("x", DataType.FLOAT64));
    buffers.reader().begin(0, 1);
    return bind(Anything.class, out, in, List.of(specs)).decode(buffers.reader());
  }

  private static void assertRefusedInput(
      Class<? extends Record> in, String what, ValueSpec... specs) {
    assertThatThrownBy(
            () -> bind(in, Label.class, List.of(specs), List.of(spec("label", DataType.STRING))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(in.getSimpleName())
        .hasMessageContaining("expected")
        .hasMessageContaining("got")
        .hasMessageContaining(what);
  }

  private static void assertRefusedOutput(
      Class<? extends Record> out, String what, ValueSpec... specs) {
    assertThatThrownBy(
            () -> bind(Anything.class, out, List.of(spec("x", DataType.FLOAT64)), List.of(specs)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(out.getSimpleName() + ".")
        .hasMessageContaining("expected")
        .hasMessageContaining("got")
        .hasMessageContaining(what);
  }

  @Test
  void encode_namedColumns_takesComponentsByName() {
    RowBuffers buffers =
        encode(
            Flower.class,
            new Flower(1, 2),
            spec("X", DataType.FLOAT32, 2).withColumns(List.of("petal_width", "Sepal Length")));
    assertThat(buffers.region(0).getFloat(0)).isEqualTo(2);
    assertThat(buffers.region(0).getFloat(4)).isEqualTo(1);
  }

  @Test
  void encode_inputPerComponent_takesScalarsArraysAndText() {
    RowBuffers buffers =
        encode(
            Mixed.class,
            new Mixed(new float[] {1, 2}, 7, "x", true),
            spec("flag", DataType.BOOL),
            spec("Name", DataType.STRING),
            spec("pixels", DataType.FLOAT32, 2),
            spec("ID", DataType.INT64, 1));
    assertThat(buffers.region(0).get(0)).isEqualTo((byte) 1);
    assertThat(buffers.strings(1)).containsExactly("x");
    assertThat(buffers.region(2).getFloat(4)).isEqualTo(2);
    assertThat(buffers.region(3).getLong(0)).isEqualTo(7);
  }

  @Test
  void encode_openDimension_takesTheArraysLength() {
    RowBuffers buffers =
        encode(Ids.class, new Ids(new long[] {5, 6, 7}), spec("ids", DataType.INT64, Shape.OPEN));
    assertThat(buffers.rowShape(0, 0)).isEqualTo(Shape.of(3));
    assertThat(buffers.region(0).getLong(16)).isEqualTo(7);
  }

  @Test
  void encode_oneInputOfAsManyElements_takesDeclarationOrder() {
    RowBuffers buffers =
        encode(Pair.class, new Pair(1, 2), spec("float_input", DataType.FLOAT32, 2));
    assertThat(buffers.region(0).getFloat(0)).isEqualTo(1);
    assertThat(buffers.region(0).getFloat(4)).isEqualTo(2);
  }

  @Test
  void encode_oneInputOneComponent_takesItWhateverTheName() {
    RowBuffers buffers =
        encode(Anything.class, new Anything(0.1), spec("input", DataType.FLOAT32, 1));
    assertThat(buffers.region(0).getFloat(0)).isEqualTo(0.1f);
  }

  @Test
  void encode_valueThatDoesNotFit_failsTheRow() {
    Codec.Bound<Ids, Label> bound =
        bind(
            Ids.class,
            Label.class,
            List.of(spec("ids", DataType.INT8, 2)),
            List.of(spec("label", DataType.STRING)));
    RowBuffers in = placed(4, List.of(spec("ids", DataType.INT8, 2)));
    RowBuffers out = new RowBuffers(List.of(spec("label", DataType.STRING)));
    out.set(0, Tensor.of(new String[] {"a", "b"}));
    CodecRows<Ids, Label> rows =
        new CodecRows<>(bound, in, out, Lanes.of(1).dispatcher().everyLane().get(0));
    List<Ids> batch =
        List.of(
            new Ids(new long[] {1, 2}),
            new Ids(new long[] {1, 300}),
            new Ids(new long[] {1}),
            new Ids(new long[] {1, 2, 3}),
            new Ids(null),
            new Ids(new long[] {3, 4}));
    assertThat(rows.encode(batch, 0, batch.size())).isEqualTo(2);
    List<Outcome<Label>> outcomes = new ArrayList<>();
    rows.decode(outcomes);
    assertThat(outcomes)
        .extracting(Outcome::succeeded)
        .containsExactly(true, false, false, false, false, true);
    assertThat(outcomes.get(5).value()).isEqualTo(new Label("b"));
    assertThat(outcomes.subList(1, 5))
        .allMatch(outcome -> outcome.failure() instanceof InvalidInputException);
    assertThat(outcomes.get(4).failure()).hasMessageContaining("'ids' is null");
    assertThat(in.region(0).get(2)).isEqualTo((byte) 3);
  }

  @Test
  void bind_inputThatDoesNotFit_isRefusedByName() {
    assertRefusedInput(
        Flower.class,
        "column 'height'",
        spec("X", DataType.FLOAT32, 2).withColumns(List.of("sepalLength", "height")));
    assertRefusedInput(
        Flower.class,
        "Flower.petalWidth (double)",
        spec("X", DataType.FLOAT32, 1).withColumns(List.of("sepalLength")));
    assertRefusedInput(Flower.class, "Flower.sepalLength (float)", spec("X", DataType.FLOAT32, 3));
    assertRefusedInput(
        Ids.class, "'more'", spec("ids", DataType.INT64, 2), spec("more", DataType.INT64));
    assertRefusedInput(Ids.class, "Ids.ids (long[])", spec("ids", DataType.STRING, 2));
    assertRefusedInput(Ids.class, "FLOAT16", spec("ids", DataType.FLOAT16, 2));
    assertRefusedInput(
        Ids.class, "single open dimension", spec("ids", DataType.INT64, Shape.OPEN, Shape.OPEN));
  }

  @Test
  void decode_labelAndProbability_takesTextAndTheGreatest() {
    ValueSpec label = spec("output_label", DataType.STRING);
    ValueSpec all = spec("probabilities", DataType.FLOAT32, 3);
    RowBuffers buffers = placed(1, List.of(label, all));
    buffers.set(0, Tensor.of(new String[] {"setosa"}));
    buffers.set(1, Tensor.of(new float[] {0.2f, 0.7f, 0.1f}, 1, 3));
    assertThat(decode(Scored.class, buffers, label, all)).isEqualTo(new Scored("setosa", 0.7f));
  }

  @Test
  void decode_zipMap_takesTheMapAndTheGreatest() {
    ValueSpec label = spec("output_label", DataType.INT64);
    ValueSpec map =
        new ValueSpec(
            "output_probability",
            ValueSpec.Kind.SEQUENCE,
            DataType.FLOAT32,
            Shape.UNDECLARED,
            false,
            List.of());
    RowBuffers buffers = new RowBuffers(List.of(label, map));
    buffers.set(0, Tensor.of(new long[] {2}));
    buffers.set(1, new SequenceValue(List.of(new MapValue(Map.of(1L, 0.25f, 2L, 0.75f)))));
    assertThat(decode(Scored.class, buffers, label, map)).isEqualTo(new Scored("2", 0.75f));
  }

  @Test
  void decode_namedColumns_givesMapAndEntries() {
    ValueSpec spec = spec("probabilities", DataType.FLOAT32, 2).withColumns(List.of("cat", "dog"));
    RowBuffers buffers = placed(1, List.of(spec));
    buffers.set(0, Tensor.of(new float[] {0.25f, 0.75f}, 1, 2));
    assertThat(decode(Scores.class, buffers, spec).probabilities())
        .containsExactly(Map.entry("cat", 0.25f), Map.entry("dog", 0.75f));
    assertThat(decode(Columns.class, buffers, spec)).isEqualTo(new Columns(0.25, 0.75f));
  }

  @Test
  void decode_onlyComponent_takesTheOnlyOutput() {
    ValueSpec spec = spec("variable", DataType.FLOAT32, 1);
    RowBuffers buffers = placed(1, List.of(spec));
    buffers.set(0, Tensor.of(new float[] {1.5f}, 1, 1));
    assertThat(decode(Anything.class, buffers, spec)).isEqualTo(new Anything(1.5));
  }

  @Test
  void decode_arrays_areCopied() {
    ValueSpec[] specs = {
      spec("values", DataType.FLOAT32, 2), spec("count", DataType.INT32), spec("yes", DataType.BOOL)
    };
    RowBuffers buffers = placed(1, List.of(specs));
    buffers.region(0).putFloat(4, 2.5f);
    buffers.region(1).putInt(0, 3);
    buffers.region(2).put(0, (byte) 1);
    Many many = decode(Many.class, buffers, specs);
    buffers.region(0).putFloat(4, 9);
    assertThat(many.values()).containsExactly(0, 2.5f);
    assertThat(many.count()).isEqualTo(3);
    assertThat(many.yes()).isTrue();
  }

  @Test
  void bind_outputThatDoesNotFit_isRefusedByName() {
    assertRefusedOutput(
        Scored.class, "Scored.label", spec("a", DataType.FLOAT32), spec("b", DataType.FLOAT32));
    assertRefusedOutput(Label.class, "Label.label", spec("label", DataType.FLOAT32));
    assertRefusedOutput(Scores.class, "Map", spec("probabilities", DataType.FLOAT32, 2));
    assertRefusedOutput(Anything.class, "FLOAT16", spec("whatever", DataType.FLOAT16));
  }
}
