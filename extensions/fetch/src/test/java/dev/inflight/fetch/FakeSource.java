package dev.inflight.fetch;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A source in memory, of one model, that can be away. The identity is made of the files. */
final class FakeSource implements ModelRepository {
  static final String MODEL = "m";

  final Map<String, Map<String, byte[]>> files = new ConcurrentHashMap<>();
  final Map<String, Versions.Entry> entries = new ConcurrentHashMap<>();
  final Map<String, String> aliases = new ConcurrentHashMap<>();

  /** Polls that have begun. */
  final AtomicInteger polls = new AtomicInteger();

  /** Copies that have begun. */
  final AtomicInteger fetches = new AtomicInteger();

  /** While true, nothing answers. */
  volatile boolean away;

  /** {@return bytes that no other seed gives} */
  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** {@return a version of its own weights and the same tokenizer as all others} */
  static Map<String, byte[]> version(int number, int weights, int tokenizer) {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("model.bin", bytes(number, weights));
    files.put("text/tokenizer.json", bytes(0, tokenizer));
    files.put("labels.txt", "yes\nno\n".getBytes(StandardCharsets.UTF_8));
    files.put("empty", new byte[0]);
    return files;
  }

  FakeSource publish(String version, Map<String, byte[]> content) {
    List<String> fields = new ArrayList<>();
    new TreeMap<>(content)
        .forEach(
            (path, bytes) ->
                fields.addAll(
                    List.of(
                        path, HexFormat.of().formatHex(Hashing.digest("SHA-256").digest(bytes)))));
    String identity = Description.name("content", fields);
    files.put(version, content);
    entries.put(version, new Versions.Entry(version, identity, Versions.State.AVAILABLE, ""));
    return this;
  }

  private void requireThere() throws IOException {
    if (away) {
      throw new IOException("no route to the source");
    }
  }

  @Override
  public Versions versions(String model) throws IOException {
    polls.incrementAndGet();
    requireThere();
    return new Versions(new ArrayList<>(entries.values()), aliases);
  }

  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    fetches.incrementAndGet();
    requireThere();
    Versions.Entry now = entries.get(version.version());
    if (now == null || !now.identity().equals(version.identity())) {
      throw new ModelLoadException(
          Stage.FETCH, model + " v" + version.version() + ": expected that content, got " + now);
    }
    for (Map.Entry<String, byte[]> file : files.get(version.version()).entrySet()) {
      Path path = target.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    return ModelArtifact.of(model, version.version(), target);
  }

  @Override
  public String toString() {
    return "fake" + new TreeMap<>(entries).keySet();
  }
}
