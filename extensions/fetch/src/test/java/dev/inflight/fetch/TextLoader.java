package dev.inflight.fetch;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.Signature;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Models that put their text before each row. */
final class TextLoader implements ModelLoader<String, String> {
  static final String FILE = "model.txt";

  @Override
  public Model<String, String> load(ModelArtifact artifact) {
    String text = StandardCharsets.UTF_8.decode(artifact.read(FILE)).toString();
    Signature none = new Signature(List.of(), List.of());
    return new Text(
        new ModelInfo(
            artifact.name(), artifact.version(), "text", none, artifact.digest(), Map.of()),
        text);
  }

  private record Text(ModelInfo info, String text)
      implements Model<String, String>, Runner<String, String> {
    @Override
    public Runner<String, String> newRunner(Lane lane) {
      return this;
    }

    @Override
    public List<Outcome<String>> run(List<? extends String> rows) {
      List<Outcome<String>> answers = new ArrayList<>();
      rows.forEach(row -> answers.add(Outcome.of(text + ":" + row)));
      return answers;
    }

    @Override
    public void close() {}
  }
}
