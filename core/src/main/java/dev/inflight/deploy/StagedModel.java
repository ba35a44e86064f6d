package dev.inflight.deploy;

import dev.inflight.ForwardingModel;
import dev.inflight.Model;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model and the private directory its files were copied to; the directory goes after the model,
 * unless it is needed to load the same model again.
 */
final class StagedModel<I, O> extends ForwardingModel<I, O> {
  private final Path staging;
  private volatile boolean alone;
  private volatile boolean filesStay;

  StagedModel(Model<I, O> model, Path staging) {
    super(model);
    this.staging = staging;
  }

  Path directory() {
    return staging;
  }

  /** Whether the directory is somebody else's when the model is closed. */
  void leaveFiles(boolean stay) {
    filesStay = stay;
  }

  long fileBytes() throws IOException {
    return fileBytes(staging);
  }

  static long fileBytes(Path directory) throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      return walk.map(Path::toFile).filter(File::isFile).mapToLong(File::length).sum();
    }
  }

  /** Its answers depend on the batch: from now on each row runs alone. */
  void runAlone() {
    alone = true;
  }

  @Override
  public int maxBatch() {
    return alone ? 1 : super.maxBatch();
  }

  @Override
  public boolean batchesWith(I row, I other) {
    return !alone && super.batchesWith(row, other);
  }

  @Override
  public void close() {
    try {
      super.close();
    } finally {
      if (!filesStay) {
        delete(staging);
      }
    }
  }

  static void delete(Path directory) {
    try (Stream<Path> walk = Files.walk(directory)) {
      List<Path> inner = walk.sorted(Comparator.reverseOrder()).toList();
      for (Path path : inner) {
        Files.delete(path);
      }
    } catch (NoSuchFileException e) {
      return; // gone already
    } catch (IOException e) {
      throw new UncheckedIOException("staging directory of a model could not be removed", e);
    }
  }
}
