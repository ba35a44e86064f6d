package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the file declares, and that no bytes do worse than be refused. */
class OnnxGraphTest {
  @Test
  void read_inputsAndOutputs_haveTypesShapesAndSymbols() {
    OnnxGraph graph = graph("onnx/multi-io");
    assertThat(graph.inputs())
        .containsExactly(
            ValueSpec.tensor("measurements", DataType.FLOAT32, Shape.of(Shape.OPEN, 8)),
            ValueSpec.tensor("groups", DataType.INT64, Shape.of(Shape.OPEN, 2)));
    assertThat(graph.symbols()).containsExactly(List.of("batch", ""), List.of("batch", ""));
    assertThat(graph.outputs())
        .extracting(ValueSpec::name)
        .containsExactly("progression", "quartile");
    assertThat(graph.outputSymbols().get(0).get(0)).isEqualTo("batch");
    assertThat(graph.metadata()).containsKey("producer");
    assertThat(graph.external()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "identity-uint8, UINT8", "identity-uint16, UINT16", "identity-uint32, UINT32",
    "identity-uint64, UINT64", "identity-int8, INT8", "identity-bool, BOOL",
    "identity-string, STRING", "identity-bfloat16, BFLOAT16", "identity-float16, FLOAT16",
    "identity-float8e4m3fn, FLOAT8E4M3FN", "identity-float8e5m2, FLOAT8E5M2"
  })
  void read_elementType_isExact(String name, DataType type) {
    OnnxGraph graph = graph("onnx-special/" + name);
    assertThat(graph.inputs()).containsExactly(ValueSpec.tensor("x", type, Shape.of(Shape.OPEN)));
    assertThat(graph.symbols()).containsExactly(List.of("n"));
  }

  @Test
  void read_undeclaredRank_differsFromScalar() {
    assertThat(graph("onnx-special/undeclared-rank").inputs().get(0).shape().isDeclared())
        .isFalse();
    assertThat(graph("onnx-special/scalar-input").inputs().get(0).shape()).isEqualTo(Shape.SCALAR);
  }

  @Test
  void read_optionalType_isOptional() {
    ValueSpec spec = graph("onnx-special/optional-type").inputs().get(0);
    assertThat(spec.optional()).isTrue();
    assertThat(spec.type()).isEqualTo(DataType.FLOAT32);
  }

  @Test
  void read_containers_haveTheirKind() {
    assertThat(graph("onnx-special/sequence-out").outputs().get(0).kind())
        .isEqualTo(ValueSpec.Kind.SEQUENCE);
    assertThat(graph("onnx-special/sequence-map-out").outputs().get(0).kind())
        .isEqualTo(ValueSpec.Kind.SEQUENCE);
    assertThat(graph("onnx/logistic-zipmap").outputs())
        .extracting(ValueSpec::kind)
        .containsExactly(ValueSpec.Kind.TENSOR, ValueSpec.Kind.SEQUENCE);
  }

  @Test
  void read_inputWithInitializer_isNotAnInput() {
    assertThat(graph("onnx-special/optional-input-default").inputs())
        .extracting(ValueSpec::name)
        .containsExactly("x");
    assertThat(graph("onnx-special/no-inputs").inputs()).isEmpty();
  }

  @Test
  void read_externalData_hasPlaceAndLength() {
    List<OnnxGraph.External> external = graph("onnx-special/external-shared").external();
    assertThat(external)
        .extracting(OnnxGraph.External::location)
        .containsExactlyInAnyOrder("shared.bin", "shared.bin", "whole.bin");
    assertThat(external)
        .filteredOn(weight -> weight.location().equals("whole.bin"))
        .singleElement()
        .satisfies(
            weight -> {
              assertThat(weight.offset()).isZero();
              assertThat(weight.length()).isEqualTo(Optional.empty());
            });
    assertThat(external)
        .filteredOn(weight -> weight.location().equals("shared.bin"))
        .extracting(OnnxGraph.External::offset)
        .contains(0L)
        .anySatisfy(offset -> assertThat(offset).isPositive());
    assertThat(graph("onnx/external-data").external()).isNotEmpty();
  }

  @Test
  void read_columnNames_areOnTheSpec() {
    assertThat(graph("onnx/cancer-boosted").inputs().get(0).columns()).hasSize(10);
  }

  @Test
  void read_nothingOrText_isRefused() {
    for (byte[] bytes : List.of(new byte[0], "{\"a\": 1}".getBytes(StandardCharsets.UTF_8))) {
      assertThatThrownBy(() -> OnnxGraph.read(ByteBuffer.wrap(bytes)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not an ONNX model");
    }
  }

  @Test
  void read_deepTypes_areRefused() {
    for (int outer : new int[] {4, 5, 9}) {
      byte[] type = field(1, field(1, new byte[0]));
      for (int i = 0; i < 20_000; i++) {
        type = field(outer, field(outer == 5 ? 2 : 1, type));
      }
      byte[] model = model(field(11, concat(field(1, new byte[] {'x'}), field(2, type))));
      assertThatThrownBy(() -> OnnxGraph.read(ByteBuffer.wrap(model)))
          .as("type field " + outer)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void read_deepGraphs_areRefused() {
    byte[] graph = new byte[0];
    for (int i = 0; i < 2_000; i++) {
      graph = field(1, field(5, field(6, graph)));
    }
    byte[] model = model(graph);
    assertThatThrownBy(() -> OnnxGraph.read(ByteBuffer.wrap(model)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nested");
  }

  @Test
  void read_randomTruncationsAndFlips_throwNothingButIllegalArgument() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    int refused = 0;
    int read = 0;
    for (Path file : models()) {
      byte[] original = CaseFiles.bytes(file).array();
      for (int i = 0; i < 400; i++) {
        byte[] bytes = original.clone();
        int length = i % 2 == 0 ? random.nextInt(bytes.length + 1) : bytes.length;
        // Names and types stand at the end of the file, weights in the middle.
        for (int flips = random.nextInt(8); flips > 0; flips--) {
          int near = random.nextBoolean() ? random.nextInt(Math.min(bytes.length, 300)) : 0;
          int at = near > 0 ? bytes.length - near : random.nextInt(bytes.length);
          bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
        try {
          OnnxGraph.read(ByteBuffer.wrap(bytes, 0, length).slice());
          read++;
        } catch (IllegalArgumentException e) {
          refused++;
        } catch (Throwable e) {
          throw new AssertionError("seed " + seed + ", " + file + ", mutant " + i, e);
        }
      }
    }
    System.out.println("OnnxGraph mutants: seed " + seed + ", " + read + " read, " + refused);
    assertThat(refused).isGreaterThan(1000);
  }

  private static List<Path> models() {
    List<Path> files = new ArrayList<>();
    for (String group : List.of("onnx", "onnx-special")) {
      CaseFiles.directories(CaseFiles.models(group), "")
          .forEach(directory -> files.add(directory.resolve("model.onnx")));
    }
    return files;
  }

  private static OnnxGraph graph(String name) {
    return OnnxGraph.read(CaseFiles.bytes(CaseFiles.models(name).resolve("model.onnx")));
  }

  private static byte[] model(byte[] graph) {
    return field(7, graph);
  }

  private static byte[] field(int number, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    varint(out, (number << 3) | 2);
    varint(out, content.length);
    out.writeBytes(content);
    return out.toByteArray();
  }

  private static byte[] concat(byte[] a, byte[] b) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(a);
    out.writeBytes(b);
    return out.toByteArray();
  }

  private static void varint(ByteArrayOutputStream out, int value) {
    int rest = value;
    while (rest > 0x7F) {
      out.write((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    out.write(rest);
  }
}
