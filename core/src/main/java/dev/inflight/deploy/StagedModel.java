package dev.inflight.deploy;

import dev.inflight.ForwardingModel;
import dev.inflight.Model;
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
final class StagedModel<I, O> extends ForwardingModel<I, O> {
  private final Path staging;

  StagedModel(Model<I, O> model, Path staging) {
    super(model);
    this.staging = staging;
  }

  @Override
  public void close() {
    try {
      super.close();
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
