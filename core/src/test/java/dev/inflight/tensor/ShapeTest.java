package dev.inflight.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ShapeTest {
  static Stream<long[]> overflows() {
    return Stream.of(
        new long[] {1L << 32, 1L << 32},
        new long[] {7, 0x6DB6DB6DB6DB6DB7L},
        new long[] {1L << 62, 2},
        new long[] {Long.MAX_VALUE, Long.MAX_VALUE},
        new long[] {1L << 40, 1L << 40, 0},
        new long[] {Shape.OPEN, 1L << 40, 1L << 40});
  }

  @ParameterizedTest
  @MethodSource("overflows")
  void of_tooManyElements_isRefused(long[] dims) {
    assertThatThrownBy(() -> Shape.of(dims))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("overflows");
  }

  @Test
  void of_negative_isRefused() {
    assertThatThrownBy(() -> Shape.of(2, -2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-2");
  }

  @Test
  void elements_ofEachKind_areCounted() {
    assertThat(Shape.of(2, 3, 4).elements()).isEqualTo(24);
    assertThat(Shape.of(2, 0, 4).elements()).isZero();
    assertThat(Shape.of(2, 0).isEmpty()).isTrue();
    assertThat(Shape.SCALAR.elements()).isEqualTo(1);
    assertThat(Shape.of()).isEqualTo(Shape.SCALAR);
    assertThat(Shape.of(Long.MAX_VALUE).elements()).isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> Shape.of(Shape.OPEN, 3).elements())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(Shape.UNDECLARED::elements).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void accepts_fixedShapes_followTheDeclaration() {
    Shape declared = Shape.of(Shape.OPEN, 3);
    assertThat(declared.accepts(Shape.of(7, 3))).isTrue();
    assertThat(declared.accepts(Shape.of(7, 4))).isFalse();
    assertThat(declared.accepts(Shape.of(3))).isFalse();
    assertThat(Shape.UNDECLARED.accepts(Shape.of(1, 2))).isTrue();
    assertThat(Shape.of(2).accepts(Shape.UNDECLARED)).isFalse();
    assertThat(Shape.SCALAR.accepts(Shape.of(1))).isFalse();
  }

  @Test
  void dims_returned_areACopy() {
    long[] dims = {2, 3};
    Shape shape = Shape.of(dims);
    dims[0] = 9;
    shape.dims()[1] = 9;
    assertThat(shape).isEqualTo(Shape.of(2, 3)).hasToString("[2, 3]");
    assertThat(shape.hashCode()).isEqualTo(Shape.of(2, 3).hashCode());
    assertThat(Shape.of(Shape.OPEN, 28)).hasToString("[?, 28]");
    assertThat(Shape.UNDECLARED).hasToString("undeclared").isNotEqualTo(Shape.SCALAR);
  }

  @Test
  void rowShape_batchedOrNot_leavesOutTheRows() {
    var batched = ValueSpec.tensor("x", DataType.FLOAT32, Shape.of(Shape.OPEN, 28, 28));
    assertThat(batched.isBatched()).isTrue();
    assertThat(batched.rowShape()).isEqualTo(Shape.of(28, 28));
    assertThat(batched).hasToString("'x': FLOAT32[?, 28, 28]");
    var fixed = ValueSpec.tensor("x", DataType.FLOAT32, Shape.of(1, 28));
    assertThat(fixed.isBatched()).isFalse();
    assertThat(fixed.rowShape()).isEqualTo(Shape.of(1, 28));
    assertThat(ValueSpec.tensor("x", DataType.INT8, Shape.UNDECLARED).isBatched()).isFalse();
  }

  @Test
  void bytes_ofTypes_roundUpAndNeverOverflow() {
    assertThat(DataType.FLOAT32.bytes(3)).isEqualTo(12);
    assertThat(DataType.INT4.bytes(3)).isEqualTo(2);
    assertThat(DataType.STRING.bytes(3)).isZero();
    assertThat(DataType.INT4.bytes(Long.MAX_VALUE)).isEqualTo(1L << 62);
    assertThatThrownBy(() -> DataType.FLOAT64.bytes(Long.MAX_VALUE / 8 + 1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
