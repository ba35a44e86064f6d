package dev.inflight.deploy;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Models that double a number; {@code model.txt} says in its first word what is wrong with them.
 */
final class FakeNumbers implements ModelLoader<Float, Float> {
  final List<String> loaded = new CopyOnWriteArrayList<>();
  final List<String> closed = new CopyOnWriteArrayList<>();

  /** Rows of each run of a version, as {@code "version rows"}. */
  final Set<String> runs = ConcurrentHashMap.newKeySet();

  /** Lanes that a version has a runner on, as {@code "version lane"}. */
  final Set<String> runners = ConcurrentHashMap.newKeySet();

  List<String> open() {
    List<String> open = new ArrayList<>(loaded);
    closed.forEach(open::remove);
    return open;
  }

  @Override
  public Model<Float, Float> load(ModelArtifact artifact) throws Exception {
    String text = StandardCharsets.UTF_8.decode(artifact.read("model.txt")).toString();
    loaded.add(artifact.version());
    return new NumberModel(artifact, text);
  }

  private final class NumberModel implements Model<Float, Float> {
    private final ModelArtifact artifact;
    private final String text;

    NumberModel(ModelArtifact artifact, String text) {
      this.artifact = artifact;
      int end = text.indexOf(" ");
      this.text = end < 0 ? text : text.substring(0, end);
    }

    @Override
    public ModelInfo info() {
      if (text.equals("info")) {
        throw new IllegalStateException("no metadata");
      }
      List<ValueSpec> inputs =
          text.equals("signature")
              ? List.of(ValueSpec.tensor("x", DataType.FLOAT32, Shape.of(-1)))
              : List.of();
      return new ModelInfo(
          artifact.name(),
          artifact.version(),
          "numbers",
          new Signature(inputs, List.of()),
          artifact.digest(),
          Map.of());
    }

    @Override
    public long memoryBytes() {
      return text.equals("large") ? 1L << 40 : 0;
    }

    @Override
    public Runner<Float, Float> newRunner(Lane lane) {
      runners.add(artifact.version() + " " + lane.index());
      return new Runner<>() {
        @Override
        public List<Outcome<Float>> run(List<? extends Float> rows) {
          runs.add(artifact.version() + " " + rows.size());
          List<Outcome<Float>> answers = new ArrayList<>();
          rows.forEach(row -> answers.add(Outcome.of(answer(row, rows))));
          if (text.equals("short")) {
            answers.remove(0);
          }
          return answers;
        }

        @Override
        public void close() {}
      };
    }

    private float answer(float row, List<? extends Float> rows) {
      return switch (text) {
        case "nan" -> Float.NaN;
        case "off" -> 2 * row + 1;
        case "mean" -> 2 * row + (rows.size() > 1 ? .5f : 0);
        case "throws" -> throw new IllegalStateException("bad node");
        case "error" -> throw new AssertionError("bad kernel");
        default -> 2 * row;
      };
    }

    @Override
    public void close() {
      closed.add(artifact.version());
    }
  }
}
