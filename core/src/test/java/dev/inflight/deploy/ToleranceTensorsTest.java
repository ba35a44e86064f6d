package dev.inflight.deploy;

import static dev.inflight.deploy.Tolerance.absolute;
import static dev.inflight.deploy.Tolerance.exact;
import static dev.inflight.deploy.Tolerance.topK;
import static dev.inflight.deploy.Tolerance.ulps;
import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.Tolerance.Difference;
import dev.inflight.deploy.Tolerance.Difference.Kind;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Answers of models that are used without a codec. */
class ToleranceTensorsTest {
  /** IEEE half precision: 1.0; a step of it is 2^-10. */
  private static final short HALF_ONE = 0x3c00;

  /** The upper half of 1.0f; a step of it is 2^-7. */
  private static final short BRAIN_ONE = 0x3f80;

  private static void same(Tolerance tolerance, Object expected, Object got) {
    assertThat(tolerance.compare(expected, got)).as(tolerance.toString()).isEmpty();
  }

  private static void differs(
      Tolerance tolerance, Object expected, Object got, String where, Kind kind, double size) {
    assertThat(tolerance.compare(expected, got))
        .as(tolerance + " " + expected)
        .contains(new Difference(where, kind, size));
  }

  /** One element with these bits in the lowest bytes. */
  private static Tensor bits(DataType type, long bits) {
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(1)).order(ByteOrder.nativeOrder());
    switch (bytes.capacity()) {
      case 1 -> bytes.put(0, (byte) bits);
      case 2 -> bytes.putShort(0, (short) bits);
      case 4 -> bytes.putInt(0, (int) bits);
      default -> bytes.putLong(0, bits);
    }
    return Tensor.over(type, Shape.SCALAR, bytes);
  }

  @Test
  void tensors_oneElementOff_nameItsIndices() {
    Tensor expected = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    same(absolute(.5), expected, Tensor.of(new float[] {1, 2.5f, 3, 4}, 2, 2));
    differs(
        absolute(.5),
        expected,
        Tensor.of(new float[] {1, 2, 4, 4}, 2, 2),
        "[1][0]",
        Kind.NUMBER,
        1);
    differs(
        absolute(.5),
        Tensor.of(new double[] {1, 2}),
        Tensor.of(new double[] {1, Double.NaN}),
        "[1]",
        Kind.NOT_A_NUMBER,
        0);
    differs(exact(), expected, Tensor.of(new float[] {1, 2, 3, 4}), "", Kind.SHAPE, 0);
    differs(exact(), expected, Tensor.of(new float[] {1}), "", Kind.SHAPE, 3);
    differs(exact(), Tensor.of(new int[1]), Tensor.of(new long[1]), "", Kind.TYPE, 0);
    differs(
        absolute(9),
        Tensor.of(new String[] {"a", "b"}),
        Tensor.of(new String[] {"a", "c"}),
        "[1]",
        Kind.LABEL,
        0);
    differs(
        absolute(9),
        Tensor.of(new boolean[] {true, true}),
        Tensor.of(new boolean[] {true, false}),
        "[1]",
        Kind.LABEL,
        0);
  }

  @Test
  void integerTensors_signedAndUnsigned_areAsFarApartAsTheirValues() {
    for (DataType type : EnumSet.of(DataType.INT8, DataType.INT16, DataType.INT32)) {
      differs(absolute(1), bits(type, 1), bits(type, -1), "", Kind.NUMBER, 2);
      same(absolute(2), bits(type, 1), bits(type, -1));
    }
    differs(absolute(1), bits(DataType.INT64, 1), bits(DataType.INT64, -1), "", Kind.NUMBER, 2);
    differs(absolute(1), bits(DataType.UINT8, 1), bits(DataType.UINT8, -1), "", Kind.NUMBER, 254);
    differs(
        absolute(1), bits(DataType.UINT16, 1), bits(DataType.UINT16, -1), "", Kind.NUMBER, 65534);
    differs(
        absolute(1),
        bits(DataType.UINT32, 1),
        bits(DataType.UINT32, -1),
        "",
        Kind.NUMBER,
        4294967294d);
    differs(
        absolute(1), bits(DataType.UINT64, 1), bits(DataType.UINT64, -1), "", Kind.NUMBER, 0x1p64);
    differs(
        absolute(1), bits(DataType.UINT64, -1), bits(DataType.UINT64, 1), "", Kind.NUMBER, 0x1p64);
    differs(absolute(1), bits(DataType.INT4, 0xf), bits(DataType.INT4, 1), "", Kind.NUMBER, 2);
    differs(absolute(1), bits(DataType.UINT4, 0xf), bits(DataType.UINT4, 1), "", Kind.NUMBER, 14);
  }

  @Test
  void nibbles_highHalf_areTheSecondElement() {
    ByteBuffer one = ByteBuffer.wrap(new byte[] {0x21, 0x03});
    ByteBuffer other = ByteBuffer.wrap(new byte[] {0x41, 0x03});
    differs(
        absolute(1),
        Tensor.over(DataType.UINT4, Shape.of(3), one),
        Tensor.over(DataType.UINT4, Shape.of(3), other),
        "[1]",
        Kind.NUMBER,
        2);
  }

  @Test
  void halves_steps_areTheirOwn() {
    Tensor half = bits(DataType.FLOAT16, HALF_ONE);
    Tensor up = bits(DataType.FLOAT16, HALF_ONE + 1);
    same(ulps(1), half, up);
    differs(ulps(0), half, up, "", Kind.NUMBER, 1);
    same(absolute(0x1p-10), half, up);
    differs(absolute(0x1p-11), half, up, "", Kind.NUMBER, 0x1p-10);
    differs(
        exact(), bits(DataType.FLOAT16, 0), bits(DataType.FLOAT16, 1), "", Kind.NUMBER, 0x1p-24);
    same(ulps(0), bits(DataType.FLOAT16, 0), bits(DataType.FLOAT16, 0x8000));
    same(ulps(2), bits(DataType.FLOAT16, 1), bits(DataType.FLOAT16, 0x8001));
    differs(
        ulps(9),
        bits(DataType.FLOAT16, 0x7bff),
        bits(DataType.FLOAT16, 0x7c00),
        "",
        Kind.NUMBER,
        Double.POSITIVE_INFINITY);
    differs(ulps(9), half, bits(DataType.FLOAT16, 0x7e00), "", Kind.NOT_A_NUMBER, 0);
    Tensor brain = bits(DataType.BFLOAT16, BRAIN_ONE);
    Tensor brainUp = bits(DataType.BFLOAT16, BRAIN_ONE + 1);
    same(ulps(1), brain, brainUp);
    differs(exact(), brain, brainUp, "", Kind.NUMBER, 0x1p-7);
  }

  @Test
  void smallFloats_underEveryTolerance_areComparedByBits() {
    for (DataType type :
        EnumSet.of(
            DataType.FLOAT8E4M3FN,
            DataType.FLOAT8E4M3FNUZ,
            DataType.FLOAT8E5M2,
            DataType.FLOAT8E5M2FNUZ,
            DataType.FLOAT4E2M1)) {
      same(exact(), bits(type, 3), bits(type, 3));
      differs(absolute(9), bits(type, 3), bits(type, 4), "", Kind.NUMBER, 0);
    }
  }

  private static Tensor complex(DataType type, double real, double imaginary) {
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(1)).order(ByteOrder.nativeOrder());
    if (type == DataType.COMPLEX64) {
      bytes.putFloat((float) real).putFloat((float) imaginary);
    } else {
      bytes.putDouble(real).putDouble(imaginary);
    }
    return Tensor.over(type, Shape.of(1), bytes.flip());
  }

  @Test
  void complexTensors_eitherPart_mustBeClose() {
    for (DataType type : EnumSet.of(DataType.COMPLEX64, DataType.COMPLEX128)) {
      same(absolute(1), complex(type, 1, 2), complex(type, 2, 3));
      differs(absolute(1), complex(type, 1, 2), complex(type, 3, 2), "[0]", Kind.NUMBER, 2);
      differs(absolute(1), complex(type, 1, 2), complex(type, 1, 4), "[0]", Kind.NUMBER, 2);
      assertThat(Tolerance.isFinite(complex(type, 1, 2))).isTrue();
      assertThat(Tolerance.isFinite(complex(type, 1, Double.NaN))).isFalse();
    }
  }

  @Test
  void topK_tensor_ranksEveryRow() {
    Tensor expected = Tensor.of(new float[] {1, 2, 3, 3, 2, 1}, 2, 3);
    same(topK(1), expected, Tensor.of(new float[] {2, 1, 9, 9, 1, 2}, 2, 3));
    differs(
        topK(1), expected, Tensor.of(new float[] {1, 2, 3, 2, 3, 1}, 2, 3), "[1]", Kind.ORDER, 1);
    differs(
        topK(2),
        Tensor.of(new double[] {2, 1, 0}),
        Tensor.of(new double[] {2, 0, 1}),
        "",
        Kind.ORDER,
        2);
    same(topK(1), bits(DataType.FLOAT16, HALF_ONE), bits(DataType.FLOAT16, 0));
    differs(topK(1), Tensor.of(new long[] {1}), Tensor.of(new long[] {2}), "[0]", Kind.NUMBER, 1);
  }

  @Test
  void namedValues_anyOrder_areComparedByName() {
    Tensor one = Tensor.of(new float[] {1});
    Tensor two = Tensor.of(new float[] {2});
    Tensors expected = Tensors.of("label", one).and("scores", two);
    same(exact(), expected, Tensors.of("scores", two).and("label", one));
    differs(
        exact(),
        expected,
        Tensors.of("scores", one).and("label", one),
        "scores[0]",
        Kind.NUMBER,
        1);
    differs(exact(), expected, Tensors.of("label", one), "scores", Kind.MISSING, 0);
    differs(exact(), Tensors.of("label", one), expected, "scores", Kind.MISSING, 0);
    differs(
        exact(),
        expected,
        Tensors.of("label", new SequenceValue(List.of())).and("scores", two),
        "label",
        Kind.TYPE,
        0);
  }

  @Test
  void sequencesOfMaps_aScoreOff_nameTheEntry() {
    Tensors expected = zipMap(.5f);
    same(absolute(.25), expected, zipMap(.75f));
    differs(absolute(.125), expected, zipMap(.75f), "probabilities[0][1]", Kind.NUMBER, .25);
    differs(topK(1), expected, zipMap(0), "probabilities[0]", Kind.ORDER, 1);
    assertThat(Tolerance.isFinite(expected)).isTrue();
    assertThat(Tolerance.isFinite(zipMap(Float.NaN))).isFalse();
  }

  private static Tensors zipMap(float score) {
    Map<Object, Object> scores = new LinkedHashMap<>();
    scores.put("cat", .25f);
    scores.put("dog", score);
    return Tensors.of("probabilities", new SequenceValue(List.of(new MapValue(scores))));
  }

  @Test
  void isFinite_tensors_lookAtEveryFloat() {
    assertThat(Tolerance.isFinite(Tensor.of(new float[] {1, 2}))).isTrue();
    assertThat(Tolerance.isFinite(Tensor.of(new float[] {1, Float.NaN}))).isFalse();
    assertThat(Tolerance.isFinite(Tensor.of(new double[] {1, Double.NEGATIVE_INFINITY}))).isFalse();
    assertThat(Tolerance.isFinite(bits(DataType.FLOAT16, HALF_ONE))).isTrue();
    assertThat(Tolerance.isFinite(bits(DataType.FLOAT16, 0x7c00))).isFalse();
    assertThat(Tolerance.isFinite(bits(DataType.FLOAT16, 0xfe00))).isFalse();
    assertThat(Tolerance.isFinite(bits(DataType.BFLOAT16, 0x7f80))).isFalse();
    assertThat(Tolerance.isFinite(bits(DataType.INT32, 0x7f800000))).isTrue();
    assertThat(Tolerance.isFinite(Tensor.of(new String[] {"NaN"}))).isTrue();
  }
}
