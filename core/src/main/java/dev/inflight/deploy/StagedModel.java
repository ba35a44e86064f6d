package dev.inflight.deploy;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.Runner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model and the private directory its files were copied to; the directory goes after the model.
 */
record StagedModel<I, O>(Model<I, O> model, Path staging) implements Model<I, O> {
  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public Runner<I, O> newRunner(Lane lane) throws Exception {
    return model.newRunner(lane);
  }

  @Override
  public void validate(I row) {
    model.validate(row);
  }

  @Override
  public long bytes(I row) {
    return model.bytes(row);
  }

  @Override
  public long memoryBytes() {
    return model.memoryBytes();
  }

  @Override
  public void close() {
    try {
      model.close();
    } finally {
      delete(staging);
    }
  }

  static void delete(Path directory) {
    try (Stream<Path> walk = Files.walk(directory)) {
      List<Path> inner = walk.sorted(Comparator.reverseOrder()).toList();
      for (Path path : inner) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("staging directory of a model could not be removed", e);
    }
  }
}
