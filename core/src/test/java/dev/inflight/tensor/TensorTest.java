package dev.inflight.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

/** Tensors and names for them. */
class TensorTest {
  private static final ByteOrder FOREIGN =
      ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
          ? ByteOrder.BIG_ENDIAN
          : ByteOrder.LITTLE_ENDIAN;

  @Test
  void of_eachType_copiesTheValues() {
    float[] floats = {1, 2, 3, 4};
    Tensor tensor = Tensor.of(floats, 2, 2);
    floats[0] = 9;
    assertThat(tensor.floats().get(0)).isEqualTo(1);
    assertThat(tensor).hasToString("FLOAT32[2, 2]");
    assertThat(Tensor.of(new double[] {1, 2}).doubles().get(1)).isEqualTo(2);
    assertThat(Tensor.of(new long[] {1L << 40}).longs().get(0)).isEqualTo(1L << 40);
    assertThat(Tensor.of(new int[] {-1}).ints().get(0)).isEqualTo(-1);
    assertThat(Tensor.of(new boolean[] {false, true}).bytes().get(1)).isEqualTo((byte) 1);
    String[] strings = {"a", "b"};
    Tensor text = Tensor.of(strings);
    strings[0] = "changed";
    assertThat(text.strings()).containsExactly("a", "b");
    assertThat(text.bytes().capacity()).isZero();
    assertThat(Tensor.scalar("a").shape()).isEqualTo(Shape.SCALAR);
  }

  @Test
  void of_shapeThatDoesNotFit_isRefused() {
    assertThatThrownBy(() -> Tensor.of(new float[] {1, 2, 3}, 2, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[2, 2]: got 3 values");
    assertThatThrownBy(() -> Tensor.of(new float[3], Shape.OPEN))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Tensor.of(new String[] {"a", null}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("element 1 is null");
  }

  @Test
  void over_buffer_isAViewOfTheRemaining() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
    bytes.putFloat(4, 1.5f).putFloat(8, 2.5f).position(4).limit(12);
    Tensor tensor = Tensor.over(DataType.FLOAT32, Shape.of(2), bytes);
    assertThat(tensor.floats().get(1)).isEqualTo(2.5f);
    bytes.putFloat(8, 9);
    assertThat(tensor.floats().get(1)).isEqualTo(9);
    assertThat(bytes.position()).isEqualTo(4);
    assertThatThrownBy(() -> tensor.bytes().put(0, (byte) 1))
        .isInstanceOf(ReadOnlyBufferException.class);
  }

  @Test
  void over_wrongBuffer_isRefused() {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
    assertThatThrownBy(() -> Tensor.over(DataType.FLOAT32, Shape.of(3), bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 12 bytes, got 8");
    assertThatThrownBy(() -> Tensor.over(DataType.FLOAT32, Shape.of(Shape.OPEN), bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be fixed");
    assertThatThrownBy(() -> Tensor.over(DataType.STRING, Shape.of(1), bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("strings have no bytes");
    ByteBuffer foreign = ByteBuffer.allocate(8).order(FOREIGN);
    assertThatThrownBy(() -> Tensor.over(DataType.FLOAT32, Shape.of(2), foreign))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got " + FOREIGN);
    assertThat(Tensor.over(DataType.INT8, Shape.of(8), foreign).shape()).isEqualTo(Shape.of(8));
  }

  @Test
  void views_ofAnotherType_areRefused() {
    Tensor tensor = Tensor.of(new float[] {1});
    assertThatThrownBy(tensor::doubles)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("tensor FLOAT32[1]: expected FLOAT64");
    assertThatThrownBy(tensor::longs).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(tensor::ints).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(tensor::shorts).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(tensor::strings).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void copyTo_target_movesItsPosition() {
    ByteBuffer target = ByteBuffer.allocate(12).order(ByteOrder.nativeOrder()).position(4);
    Tensor tensor = Tensor.of(new float[] {1, 2});
    tensor.copyTo(target);
    assertThat(target.position()).isEqualTo(12);
    assertThat(target.getFloat(8)).isEqualTo(2);
    assertThatThrownBy(() -> tensor.copyTo(target))
        .isInstanceOfAny(BufferOverflowException.class, IndexOutOfBoundsException.class);
  }

  @Test
  void equals_tensors_comparesTypeShapeAndBits() {
    Tensor tensor = Tensor.of(new float[] {1, Float.NaN}, 1, 2);
    Tensor same = Tensor.of(new float[] {1, Float.NaN}, 1, 2);
    assertThat(tensor).isEqualTo(same).hasSameHashCodeAs(same);
    assertThat(tensor).isNotEqualTo(Tensor.of(new float[] {1, Float.NaN}, 2, 1));
    assertThat(Tensor.of(new int[] {0})).isNotEqualTo(Tensor.of(new float[] {0}));
    assertThat(Tensor.of(new String[] {"a"})).isNotEqualTo(Tensor.of(new String[] {"b"}));
  }

  @Test
  void tensors_names_areDistinctAndOrdered() {
    Tensor one = Tensor.of(new float[] {1});
    Tensor two = Tensor.of(new float[] {2});
    Tensors tensors = Tensors.of("b", one).and("a", two);
    assertThat(tensors.names()).containsExactly("b", "a");
    assertThat(tensors.size()).isEqualTo(2);
    assertThat(tensors.tensor("a")).isEqualTo(two);
    assertThat(tensors.value(0)).isEqualTo(one);
    assertThat(tensors.name(1)).isEqualTo("a");
    assertThat(tensors.indexOf("c")).isEqualTo(-1);
    assertThat(tensors).hasToString("{b=FLOAT32[1], a=FLOAT32[1]}");
    assertThat(Tensors.of("a", two).and("b", one)).isEqualTo(tensors).hasSameHashCodeAs(tensors);
    Map<String, ModelValue> map = new LinkedHashMap<>();
    map.put("b", one);
    map.put("a", two);
    assertThat(Tensors.of(map)).isEqualTo(tensors);
    assertThat(Tensors.adopt(new String[] {"b", "a"}, new ModelValue[] {one, two}))
        .isEqualTo(tensors);
    assertThat(Tensors.empty().size()).isZero();
  }

  @Test
  void tensors_misuse_isRefused() {
    Tensor one = Tensor.of(new float[] {1});
    Tensors tensors = Tensors.of("a", one).and("map", new MapValue(Map.of("x", 1f)));
    assertThatThrownBy(() -> tensors.and("a", one))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a' is there twice");
    assertThatThrownBy(() -> tensors.value("b"))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessage("no value 'b', there are [a, map]");
    assertThatThrownBy(() -> tensors.tensor("map"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("MapValue");
    assertThatThrownBy(() -> Tensors.adopt(new String[1], new ModelValue[2]))
        .isInstanceOf(IllegalArgumentException.class);
    Signature signature =
        new Signature(
            List.of(ValueSpec.tensor("x", DataType.FLOAT32, Shape.of(Shape.OPEN, 2))), List.of());
    assertThat(signature.input("x")).isZero();
    assertThatThrownBy(() -> signature.input("y"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no input 'y', the model has ['x': FLOAT32[?, 2]]");
    assertThatThrownBy(() -> signature.output("x")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void copyOf_partOfABuffer_isIndependentOfIt() {
    ByteBuffer source = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
    source.asFloatBuffer().put(new float[] {1, 2, 3, 4});
    source.position(5);
    Tensor tensor = Tensor.copyOf(DataType.FLOAT32, Shape.of(1, 2), source, 4);
    source.putFloat(4, 9);
    assertThat(tensor).isEqualTo(Tensor.of(new float[] {2, 3}, 1, 2));
    assertThat(source.position()).isEqualTo(5);
  }

  @Test
  void copyOf_tooLittleOpenOrText_isRefused() {
    ByteBuffer source = ByteBuffer.allocate(8);
    assertThatThrownBy(() -> Tensor.copyOf(DataType.FLOAT32, Shape.of(2), source, 4))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> Tensor.copyOf(DataType.FLOAT32, Shape.of(Shape.OPEN), source, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Tensor.copyOf(DataType.STRING, Shape.of(1), source, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
