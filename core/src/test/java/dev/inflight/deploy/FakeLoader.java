package dev.inflight.deploy;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.Signature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** Loads {@code model.txt}: its text says how the model answers, or how its load fails. */
final class FakeLoader implements ModelLoader<String, String> {
  final List<String> loaded = new CopyOnWriteArrayList<>();
  final List<String> closed = new CopyOnWriteArrayList<>();

  /** Lets the model {@code slow} be loaded. */
  final CountDownLatch go = new CountDownLatch(1);

  /** {@return what is loaded of that, without inputs and outputs} */
  static ModelInfo info(ModelArtifact artifact, String runtime) {
    return new ModelInfo(
        artifact.name(),
        artifact.version(),
        runtime,
        new Signature(List.of(), List.of()),
        artifact.digest(),
        Map.of());
  }

  /** What was loaded and not closed. */
  List<String> open() {
    List<String> open = new ArrayList<>(loaded);
    closed.forEach(open::remove);
    open.removeAll(List.of("broken", "link", "refused"));
    return open;
  }

  @Override
  public Model<String, String> load(ModelArtifact artifact) throws Exception {
    String text = StandardCharsets.UTF_8.decode(artifact.read("model.txt")).toString();
    loaded.add(text);
    switch (text) {
      case "broken" -> throw new IOException("cannot parse");
      case "link" -> throw new UnsatisfiedLinkError("no native library");
      case "refused" ->
          throw new ModelLoadException(ModelLoadException.Stage.BIND, "no such input");
      case "slow" -> awaitGo();
      default -> {
        // a good one
      }
    }
    return new TextModel(artifact, text);
  }

  /** As native code does: an interrupt does not end it. */
  private void awaitGo() {
    boolean interrupted = false;
    while (go.getCount() > 0) {
      try {
        go.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class TextModel implements Model<String, String> {
    private final ModelArtifact artifact;
    private final String text;

    TextModel(ModelArtifact artifact, String text) {
      this.artifact = artifact;
      this.text = text;
    }

    @Override
    public ModelInfo info() {
      return FakeLoader.info(artifact, "text");
    }

    @Override
    public Runner<String, String> newRunner(Lane lane) {
      return new Runner<>() {
        @Override
        public List<Outcome<String>> run(List<? extends String> rows) {
          List<Outcome<String>> answers = new ArrayList<>();
          rows.forEach(row -> answers.add(Outcome.of(text + ":" + row)));
          return answers;
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {
      closed.add(text);
    }
  }
}
