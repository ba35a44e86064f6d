package dev.inflight.deploy;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Loads models of many deployments: {@code model.txt} is the answer, as in {@code a:1}. Each holds
 * 100 bytes and watches how it is closed.
 */
final class FleetLoader implements ModelLoader<String, String> {
  static final long BYTES = 100;

  /** {@return a file that is taken for a model of so many bytes} */
  static String content(String answer) {
    return String.format("%-" + (int) (BYTES / Footprint.PER_FILE_BYTE) + "s", answer);
  }

  final AtomicInteger loads = new AtomicInteger();
  final AtomicInteger closes = new AtomicInteger();

  /** Closed twice, under a run, or run after its close. */
  final AtomicInteger wrongs = new AtomicInteger();

  /** Loaded and not closed. */
  final AtomicLong open = new AtomicLong();

  final AtomicLong mostOpen = new AtomicLong();

  /** The row {@code hang} runs until then. */
  final CountDownLatch go = new CountDownLatch(1);

  /** Runs of that row. */
  final AtomicInteger hanging = new AtomicInteger();

  /** While true, loads fail. */
  volatile boolean failing;

  @Override
  public Model<String, String> load(ModelArtifact artifact) {
    String text = StandardCharsets.UTF_8.decode(artifact.read("model.txt")).toString().strip();
    loads.incrementAndGet();
    if (failing) {
      throw new ModelLoadException(ModelLoadException.Stage.LOAD, "not today");
    }
    mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
    return new Watched(artifact, text);
  }

  private final class Watched implements Model<String, String> {
    private final ModelArtifact artifact;
    private final String text;
    private final AtomicInteger runs = new AtomicInteger();
    private volatile boolean closed;

    Watched(ModelArtifact artifact, String text) {
      this.artifact = artifact;
      this.text = text;
    }

    @Override
    public ModelInfo info() {
      return FakeLoader.info(artifact, "text");
    }

    @Override
    public long memoryBytes() {
      return BYTES;
    }

    @Override
    public Runner<String, String> newRunner(Lane lane) {
      return new Runner<>() {
        @Override
        public List<Outcome<String>> run(List<? extends String> rows) throws InterruptedException {
          runs.incrementAndGet();
          if (rows.contains("hang")) {
            hanging.incrementAndGet();
            go.await();
          }
          List<Outcome<String>> answers = new ArrayList<>();
          rows.forEach(row -> answers.add(Outcome.of(text)));
          if (closed) {
            wrongs.incrementAndGet();
          }
          runs.decrementAndGet();
          return answers;
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {
      if (closed || runs.get() > 0) {
        wrongs.incrementAndGet();
      }
      closed = true;
      closes.incrementAndGet();
      open.decrementAndGet();
    }
  }
}
