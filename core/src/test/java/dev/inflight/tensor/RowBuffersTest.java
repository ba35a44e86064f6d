package dev.inflight.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A row is written whole or refused, and read as it was answered. */
class RowBuffersTest {
  private static ValueSpec spec(String name, DataType type, long... rowDims) {
    long[] dims = new long[rowDims.length + 1];
    dims[0] = Shape.OPEN;
    System.arraycopy(rowDims, 0, dims, 1, rowDims.length);
    return ValueSpec.tensor(name, type, Shape.of(dims));
  }

  private static RowBuffers placed(int rows, ValueSpec... specs) {
    RowBuffers buffers = new RowBuffers(List.of(specs));
    buffers.place(ByteBuffer.allocateDirect(Math.toIntExact(buffers.bytes(rows))), rows);
    return buffers;
  }

  @Test
  void write_rows_lieOneAfterTheOther() {
    RowBuffers buffers = placed(2, spec("x", DataType.FLOAT32, 2), spec("n", DataType.INT64));
    RowWriter writer = buffers.writer();
    for (int row = 0; row < 2; row++) {
      writer.begin(row);
      writer.floats(0).put(row + 0.5f).put(row + 0.25f);
      writer.put(1, 10L + row);
      writer.end();
    }
    assertThat(buffers.isFixed()).isTrue();
    assertThat(buffers.capacity()).isEqualTo(2);
    assertThat(buffers.region(0).order()).isEqualTo(ByteOrder.nativeOrder());
    assertThat(buffers.region(0).getFloat(8)).isEqualTo(1.5f);
    assertThat(buffers.region(1).getLong(8)).isEqualTo(11);
  }

  @Test
  void end_unwrittenInput_isRefused() {
    RowWriter writer = placed(1, spec("x", DataType.FLOAT32, 2)).writer();
    writer.begin(0);
    assertThatThrownBy(writer::end)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("input 'x': FLOAT32[?, 2] was not written");
  }

  @Test
  void end_halfWrittenInput_isRefusedThoughTheRowBeforeWasWhole() {
    RowWriter writer = placed(2, spec("x", DataType.FLOAT32, 2)).writer();
    writer.begin(0);
    writer.floats(0).put(1).put(2);
    writer.end();
    writer.begin(1);
    writer.floats(0).put(3);
    assertThatThrownBy(writer::end)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 2 elements, got 1");
    writer.begin(1);
    writer.floats(0).put(3).put(4);
    writer.end();
  }

  @Test
  void end_halfWrittenStrings_areRefused() {
    RowBuffers buffers = placed(2, spec("s", DataType.STRING, 2));
    RowWriter writer = buffers.writer();
    writer.begin(1);
    writer.put(0, "a");
    assertThatThrownBy(writer::end).hasMessageContaining("expected 2 elements, got 1");
    writer.put(0, "b");
    writer.end();
    assertThat(buffers.strings(0)).containsExactly(null, null, "a", "b");
    assertThatThrownBy(() -> writer.put(0, "c"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("more than 2 strings");
    writer.begin(0);
    assertThatThrownBy(() -> writer.put(0, (String) null)).hasMessageContaining("null");
  }

  @Test
  void end_optionalInput_mayBeLeftOut() {
    RowBuffers buffers = placed(1, spec("x", DataType.FLOAT32, 1).withOptional(true));
    buffers.writer().begin(0);
    buffers.writer().end();
    assertThat(buffers.isWritten(0)).isFalse();
  }

  @Test
  void put_tooMany_isRefused() {
    RowWriter writer = placed(2, spec("x", DataType.INT32, 1)).writer();
    writer.begin(0);
    writer.put(0, 1L);
    assertThatThrownBy(() -> writer.put(0, 2L))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("more than 1 elements");
  }

  @ParameterizedTest
  @CsvSource({
    "INT8, 127, 128",
    "INT16, -32768, -32769",
    "INT32, 2147483647, 2147483648",
    "UINT8, 255, 256",
    "UINT8, 0, -1",
    "UINT16, 65535, 65536",
    "UINT32, 4294967295, 4294967296",
    "UINT64, 9223372036854775807, -1",
    "BOOL, 1, 2",
    "FLOAT32, 16777216, 16777217",
    "FLOAT64, 9007199254740992, 9007199254740993",
    "FLOAT32, -9223372036854775808, 9223372036854775807",
    "FLOAT64, -9223372036854775808, 9223372036854775807"
  })
  void put_wholeNumbers_mustFitExactly(DataType type, long good, long bad) {
    RowWriter writer = placed(1, spec("x", type)).writer();
    writer.begin(0);
    writer.put(0, good);
    writer.end();
    writer.begin(0);
    assertThatThrownBy(() -> writer.put(0, bad))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'x'");
  }

  @ParameterizedTest
  @CsvSource({"0.5", "NaN", "Infinity", "9.3E18", "-1E19"})
  void put_fractionIntoInteger_isRefused(double value) {
    RowWriter writer = placed(1, spec("x", DataType.INT64)).writer();
    writer.begin(0);
    assertThatThrownBy(() -> writer.put(0, value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not a whole number in range");
    writer.put(0, -3.0);
    writer.end();
  }

  @Test
  void views_ofAnotherType_areRefused() {
    RowWriter writer = placed(1, spec("x", DataType.FLOAT32)).writer();
    writer.begin(0);
    assertThatThrownBy(() -> writer.doubles(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the codec writes FLOAT64");
    assertThatThrownBy(() -> writer.put(0, "text")).hasMessageContaining("STRING");
  }

  @Test
  void dims_openInput_growsAndIsChecked() {
    RowBuffers buffers = placed(1, spec("ids", DataType.INT64, Shape.OPEN));
    RowWriter writer = buffers.writer();
    assertThat(buffers.isFixed()).isFalse();
    writer.begin(0);
    assertThatThrownBy(() -> writer.put(0, 1L)).hasMessageContaining("call dims");
    for (int length : new int[] {2, 5, 1}) {
      writer.begin(0);
      writer.dims(0, length);
      for (int i = 0; i < length; i++) {
        writer.put(0, (long) i);
      }
      writer.end();
      assertThat(buffers.rowShape(0, 0)).isEqualTo(Shape.of(length));
    }
    assertThatThrownBy(() -> writer.dims(0, 2, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a row of shape [?], got [2, 2]");
    assertThatThrownBy(() -> writer.dims(0, Shape.OPEN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void read_region_givesEachRow() {
    RowBuffers buffers = placed(2, spec("p", DataType.FLOAT32, 2), spec("u", DataType.UINT8));
    buffers.region(0).putFloat(8, 3).putFloat(12, 4);
    buffers.region(1).put(1, (byte) 200);
    RowReader reader = buffers.reader();
    reader.begin(1, 2);
    assertThat(reader.elements(0)).isEqualTo(2);
    assertThat(reader.floats(0).get()).isEqualTo(3);
    assertThat(reader.number(0, 1)).isEqualTo(4);
    assertThat(reader.integer(1, 0)).isEqualTo(200);
    assertThat(reader.number(1, 0)).isEqualTo(200);
    assertThat(reader.value(0)).isEqualTo(Tensor.of(new float[] {3, 4}));
    assertThatThrownBy(() -> reader.doubles(0)).hasMessageContaining("the codec reads FLOAT64");
    assertThatThrownBy(() -> reader.string(0, 0)).hasMessageContaining("STRING");
  }

  @Test
  void read_givenValues_takesTheRowsOfEach() {
    RowBuffers buffers =
        new RowBuffers(List.of(spec("l", DataType.INT64), spec("s", DataType.STRING)));
    RowReader reader = buffers.reader();
    buffers.set(0, Tensor.of(new long[] {7, 8}, 2));
    buffers.set(1, Tensor.of(new String[] {"a", "b"}, 2));
    reader.begin(1, 2);
    assertThat(reader.integer(0, 0)).isEqualTo(8);
    assertThat(reader.string(1, 0)).isEqualTo("b");
    buffers.set(
        0, new SequenceValue(List.of(new MapValue(Map.of()), new MapValue(Map.of(1L, 2f)))));
    assertThat(reader.value(0)).isEqualTo(new MapValue(Map.of(1L, 2f)));
  }

  @Test
  void write_rowsOfOpenSize_followEachOtherWhateverFailed() {
    RowBuffers buffers =
        placed(
            3,
            spec("ids", DataType.INT64, Shape.OPEN),
            spec("text", DataType.STRING, Shape.OPEN),
            spec("x", DataType.FLOAT32, 1));
    RowWriter writer = buffers.writer();
    writeOpen(writer, 0, 2);
    writer.begin(1);
    writer.dims(0, 100);
    writer.longs(0).put(7);
    assertThatThrownBy(writer::end).hasMessageContaining("expected 100 elements, got 1");
    writeOpen(writer, 1, 3);
    writer.begin(2);
    assertThatThrownBy(() -> writer.put(0, 1L)).hasMessageContaining("call dims");
    writeOpen(writer, 2, 1);
    int[] lengths = {2, 3, 1};
    int start = 0;
    for (int row = 0; row < 3; row++) {
      assertThat(buffers.rowShape(0, row)).isEqualTo(Shape.of(lengths[row]));
      assertThat(buffers.start(0, row)).isEqualTo(start);
      assertThat(buffers.start(1, row)).isEqualTo(start);
      assertThat(buffers.region(2).getFloat(4 * row)).isEqualTo(row);
      for (int i = 0; i < lengths[row]; i++, start++) {
        assertThat(buffers.region(0).getLong(8 * start)).isEqualTo(100 * row + i);
        assertThat(buffers.strings(1)[start]).isEqualTo(row + "." + i);
      }
    }
  }

  private static void writeOpen(RowWriter writer, int row, int length) {
    writer.begin(row);
    writer.dims(0, length);
    writer.dims(1, length);
    for (int i = 0; i < length; i++) {
      writer.put(0, 100L * row + i);
      writer.put(1, row + "." + i);
    }
    writer.put(2, (long) row);
    writer.end();
  }

  @Test
  void repeat_lastRow_fillsTheRest() {
    RowBuffers buffers = placed(4, spec("x", DataType.FLOAT32, 2), spec("s", DataType.STRING, 1));
    RowWriter writer = buffers.writer();
    for (int row = 0; row < 2; row++) {
      writer.begin(row);
      writer.floats(0).put(row).put(row + 0.5f);
      writer.put(1, "row " + row);
      writer.end();
    }
    buffers.repeat(1, 4);
    for (int row = 0; row < 4; row++) {
      assertThat(buffers.region(0).getFloat(8 * row + 4)).isEqualTo(Math.min(row, 1) + 0.5f);
      assertThat(buffers.strings(1)[row]).isEqualTo("row " + Math.min(row, 1));
    }
  }
}
