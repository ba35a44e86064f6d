package dev.inflight.deploy;

import dev.inflight.ModelArtifact;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A repository in memory that fails and hangs on demand. The bytes are the identity. */
final class FakeRepository implements ModelRepository {
  final Map<String, Versions.Entry> entries = new ConcurrentHashMap<>();
  final Map<String, String> aliases = new ConcurrentHashMap<>();

  /** Polls that have begun. */
  final AtomicInteger polls = new AtomicInteger();

  private final AtomicInteger stuck = new AtomicInteger();

  /** Copies that have begun. */
  final AtomicInteger fetches = new AtomicInteger();

  /** So many copies fail from now on. */
  final AtomicInteger failingFetches = new AtomicInteger();

  /** So many copies throw what no repository should, from now on. */
  final AtomicInteger throwingFetches = new AtomicInteger();

  /** When the source said what is there, if not at the poll. */
  volatile Optional<Instant> asOf = Optional.empty();

  /** While true, polls fail. */
  volatile boolean unreachable;

  /** Polls wait for it. */
  volatile CountDownLatch pollGate = new CountDownLatch(0);

  /** Copies wait for it. */
  volatile CountDownLatch fetchGate = new CountDownLatch(0);

  void publish(String version, String content) {
    put(version, content, Versions.State.AVAILABLE);
  }

  void put(String version, String content, Versions.State state) {
    String reason = state == Versions.State.AVAILABLE ? "" : "is " + state;
    entries.put(version, new Versions.Entry(version, content, state, reason));
  }

  @Override
  public Versions versions(String model) throws IOException {
    polls.incrementAndGet();
    stuck.incrementAndGet();
    pass(pollGate);
    stuck.decrementAndGet();
    if (unreachable) {
      throw new IOException("no route to the repository");
    }
    return new Versions(new ArrayList<>(entries.values()), aliases, asOf);
  }

  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    fetches.incrementAndGet();
    Files.writeString(target.resolve("model.txt"), version.identity());
    pass(fetchGate);
    if (throwingFetches.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      throw new IllegalStateException("token expired");
    }
    if (failingFetches.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      throw new IOException("connection reset");
    }
    return ModelArtifact.of(model, version.version(), target);
  }

  /** Until a poll waits. */
  void awaitStuck() {
    DeploymentFixture.await(() -> pollGate.getCount() > 0 && stuck.get() > 0, polls::get);
  }

  private static void pass(CountDownLatch gate) throws IOException {
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /** Until a poll has ended that began after this call, and what it led to was decided. */
  void awaitPoll() {
    int next = polls.get() + 2;
    DeploymentFixture.await(() -> polls.get() >= next, polls::get);
  }

  @Override
  public String toString() {
    return "fake" + List.copyOf(entries.keySet());
  }
}
