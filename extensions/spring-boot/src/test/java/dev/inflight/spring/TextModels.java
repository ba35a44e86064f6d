package dev.inflight.spring;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.Signature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Models in directories that answer their text and the row; row {@code wait} waits. */
final class TextModels implements ModelLoader<String, String> {
  final AtomicInteger open = new AtomicInteger();

  /** A run of the row {@code wait} has begun. */
  final CountDownLatch entered = new CountDownLatch(1);

  /** Lets it end. */
  final CountDownLatch go = new CountDownLatch(1);

  static void publish(Path directory, String model, int version, String text) throws IOException {
    Path target = Files.createDirectories(directory.resolve(model).resolve("" + version));
    Files.writeString(target.resolve("model.txt"), text);
  }

  @Override
  public Model<String, String> load(ModelArtifact artifact) throws IOException {
    String text = StandardCharsets.UTF_8.decode(artifact.read("model.txt")).toString();
    if (text.equals("broken")) {
      throw new IOException("no model");
    }
    open.incrementAndGet();
    Signature signature = new Signature(List.of(), List.of());
    ModelInfo info =
        new ModelInfo(
            artifact.name(), artifact.version(), "text", signature, artifact.digest(), Map.of());
    return new TextModel(info, text);
  }

  private final class TextModel implements Model<String, String> {
    private final ModelInfo info;
    private final String text;

    TextModel(ModelInfo info, String text) {
      this.info = info;
      this.text = text;
    }

    @Override
    public ModelInfo info() {
      return info;
    }

    @Override
    public Runner<String, String> newRunner(Lane lane) {
      return new Runner<>() {
        @Override
        public List<Outcome<String>> run(List<? extends String> rows) throws Exception {
          List<Outcome<String>> answers = new ArrayList<>();
          for (String row : rows) {
            if (row.equals("wait")) {
              entered.countDown();
              go.await();
            }
            answers.add(Outcome.of(text + ":" + row));
          }
          return answers;
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }
}
