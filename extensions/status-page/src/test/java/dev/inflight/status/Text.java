package dev.inflight.status;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.Outcome;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import dev.inflight.deploy.Deployment;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import dev.inflight.tensor.Signature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

/** A repository in memory, and models that answer what their text says. */
final class Text implements ModelRepository, ModelLoader<String, String> {
  private final Map<String, Versions.Entry> entries = new ConcurrentHashMap<>();

  /** How long a run takes in the middle; it varies. */
  private final Duration run;

  Text(Duration run) {
    this.run = run;
  }

  /** Text {@code broken} does not load. */
  Text publish(String version, String text) {
    entries.put(version, new Versions.Entry(version, text, Versions.State.AVAILABLE, ""));
    return this;
  }

  Deployment.Builder<String, String> deployment(String name) {
    return Deployment.of(name, this, this).pollEvery(Duration.ofMillis(20));
  }

  @Override
  public Versions versions(String model) {
    return new Versions(new ArrayList<>(entries.values()));
  }

  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    Files.writeString(target.resolve("model.txt"), version.identity());
    return ModelArtifact.of(model, version.version(), target);
  }

  @Override
  public Model<String, String> load(ModelArtifact artifact) throws IOException {
    String text = StandardCharsets.UTF_8.decode(artifact.read("model.txt")).toString();
    if (text.startsWith("broken")) {
      throw new IOException("expected a model, got '" + text + "'");
    }
    ModelInfo info =
        new ModelInfo(
            artifact.name(),
            artifact.version(),
            "text 1.0",
            new Signature(List.of(), List.of()),
            artifact.digest(),
            Map.of());
    return new TextModel(info, text, run);
  }

  private record TextModel(ModelInfo info, String text, Duration run)
      implements Model<String, String>, Runner<String, String> {
    @Override
    public Runner<String, String> newRunner(Lane lane) {
      return this;
    }

    @Override
    public List<Outcome<String>> run(List<? extends String> rows) {
      if (!run.isZero()) {
        double spread = Math.exp(.5 * ThreadLocalRandom.current().nextGaussian());
        LockSupport.parkNanos((long) (run.toNanos() * spread));
      }
      List<Outcome<String>> answers = new ArrayList<>();
      for (String row : rows) {
        answers.add(
            row.equals("bad")
                ? Outcome.failed(new PredictionFailedException("no answer to this row"))
                : Outcome.of(text.strip() + ":" + row));
      }
      return answers;
    }

    @Override
    public void close() {}
  }
}
