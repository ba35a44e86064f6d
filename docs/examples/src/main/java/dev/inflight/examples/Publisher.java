package dev.inflight.examples;

import dev.inflight.repository.Manifest;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishes versions as a careless human would: slowly, file by file, into the directory that is
 * being served.
 */
record Publisher(Path model) {
  /** At once, with its manifest. */
  void publish(int version, Path file) throws IOException {
    Path directory = Files.createDirectories(model.resolve(Integer.toString(version)));
    Files.copy(file, directory.resolve(file.getFileName()));
    Manifest.write(directory);
  }

  /**
   * In {@code pieces} pieces with pauses between them, the manifest first written when the copy is
   * complete.
   */
  void publishSlowly(int version, Path file, int pieces) throws IOException {
    Path directory = Files.createDirectories(model.resolve(Integer.toString(version)));
    Files.writeString(directory.resolve("README.txt"), "trained with scikit-learn\n");
    byte[] bytes = Files.readAllBytes(file);
    try (OutputStream out = Files.newOutputStream(directory.resolve("model.onnx"))) {
      for (int i = 0; i < pieces; i++) {
        int from = bytes.length * i / pieces;
        out.write(bytes, from, bytes.length * (i + 1) / pieces - from);
        out.flush();
        LockSupport.parkNanos(150_000_000);
      }
    }
    Manifest.write(directory);
  }

  /** One bit of the file differs from what its manifest says. */
  void publishCorrupted(int version, Path file) throws IOException {
    Path desk = Files.createTempDirectory("inflight-publish");
    Path elsewhere = desk.resolve(Integer.toString(version));
    new Publisher(desk).publish(version, file);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Path directory = Files.createDirectories(model.resolve(Integer.toString(version)));
    Files.write(directory.resolve(file.getFileName()), bytes);
    Files.move(Manifest.beside(elsewhere), Manifest.beside(directory));
    Files.delete(elsewhere.resolve(file.getFileName()));
    Files.delete(elsewhere);
    Files.delete(desk);
  }
}
