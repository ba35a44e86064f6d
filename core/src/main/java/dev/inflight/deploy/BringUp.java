package dev.inflight.deploy;

import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.ModelSlot;
import dev.inflight.Resident;
import dev.inflight.deploy.DeploymentStatus.GateReport;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one version up: fetch, verify, load, gates. On a loader thread.
 *
 * <p>Invariant: it ends in exactly one of {@code ready}, {@code failed} and {@code dropped}, and
 * unless that is {@code ready} nothing of it is left: no file, no model; but for the files of a
 * version that was unloaded, which are not its own.
 */
final class BringUp<I, O> implements Runnable {
  /**
   * Told on the way, and of the end. Of a bring-up that is not wanted any more only {@code dropped}
   * counts.
   */
  interface Progress<I, O> {
    /** Its files are there, and its backend is next. */
    void loading(BringUp<I, O> bringUp);

    void loaded(BringUp<I, O> bringUp, Loaded<I, O> version, Duration took);

    void passed(BringUp<I, O> bringUp, GateReport report);

    /** True if it is taken over; else the version is not wanted any more. */
    boolean ready(BringUp<I, O> bringUp);

    /** What serves goes before it is loaded. False if this version is not wanted any more. */
    boolean dropping(BringUp<I, O> bringUp);

    /** Another model needs its memory. */
    void unload(BringUp<I, O> bringUp);

    void failed(BringUp<I, O> bringUp, ModelLoadException why);
  }

  private static final Logger log = LoggerFactory.getLogger(BringUp.class);

  /** For a run that hangs in a version that is to be closed. */
  private static final Duration RELEASE_PATIENCE = Duration.ofSeconds(10);

  private final Settings<I, O> settings;
  private final ModelSlot<I, O> slot;
  private final Versions.Entry entry;
  private final Optional<Loaded<I, O>> before;
  private final Supplier<Optional<Resident<I, O>>> live;
  private final Progress<I, O> progress;
  private final Journal journal;
  private final MemoryShare share;
  private volatile boolean cancelled;
  private volatile boolean dropped;
  private volatile @Nullable MemoryReservation reserved;

  /**
   * @param before the same content, unloaded: its files are there, and stay if this fails
   * @param live what serves at that moment
   */
  BringUp(
      Settings<I, O> settings,
      ModelSlot<I, O> slot,
      Versions.Entry entry,
      Optional<Loaded<I, O>> before,
      Supplier<Optional<Resident<I, O>>> live,
      Progress<I, O> progress,
      Journal journal,
      MemoryShare share) {
    this.settings = settings;
    this.journal = journal;
    this.share = share;
    this.slot = slot;
    this.entry = entry;
    this.before = before;
    this.live = live;
    this.progress = progress;
  }

  Versions.Entry entry() {
    return entry;
  }

  /** What is done is undone at the next step; the deployment goes on without it. */
  void cancel() {
    cancelled = true;
  }

  /** Whether what served was unloaded for it. */
  boolean hasDropped() {
    return dropped;
  }

  /** It hangs, and what it was to replace needs the memory. */
  void giveMemoryBack() {
    MemoryReservation its = reserved;
    if (its != null) {
      log.warn(
          "{}: hangs; its memory is given to what served before, by all that is known", label());
      its.close();
    }
  }

  @Override
  public void run() {
    try {
      bringUp();
    } catch (CancellationException e) {
      // Whoever gave it up has said so.
    } catch (ModelLoadException e) {
      end(e);
    } catch (IOException e) {
      end(new ModelLoadException(Stage.FETCH, label() + ": " + e, e));
    } catch (Throwable e) { // whatever a backend or a repository throws belongs to this version
      end(new ModelLoadException(Stage.LOAD, label() + ": " + e, e));
    }
  }

  /** What fails is undone before anybody hears of it. */
  private void bringUp() throws Exception {
    Path directory = null;
    MemoryReservation memory = null;
    Resident<I, O> resident = null;
    try {
      requireWanted();
      ModelArtifact artifact;
      Path files;
      if (before.isPresent()) { // verified once more as it is read
        artifact = before.get().artifact();
        files = before.get().directory();
      } else {
        directory = privateDirectory();
        files = directory;
        artifact = fetch(directory);
        requireWanted();
      }
      progress.loading(this);
      long fileBytes = StagedModel.fileBytes(files);
      memory = share.reserve(entry.version(), fileBytes, this::drop);
      reserved = memory;
      requireWanted();
      try (FootprintMeter.Measurement measured = settings.memory().meter().begin()) {
        long begin = System.nanoTime();
        StagedModel<I, O> model = new StagedModel<>(load(artifact), files);
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        model.leaveFiles(before.isPresent());
        Loaded<I, O> loaded = new Loaded<>(admit(model), artifact, model, memory);
        resident = loaded.resident();
        directory = null; // the model removes it
        requireWanted();
        progress.loaded(this, loaded, took);
        pass(new Candidate<>(artifact, model, resident, live));
        share.settle(memory, measured, fileBytes, model.memoryBytes(), () -> progress.unload(this));
      }
      requireWanted();
      if (progress.ready(this)) {
        resident = null;
        memory = null;
      }
    } finally {
      undo(resident, memory, directory);
    }
  }

  private ModelArtifact fetch(Path directory) throws IOException {
    Optional<ModelArtifact> kept = journal.copy(settings.name(), entry, directory);
    if (kept.isPresent()) {
      return kept.get();
    }
    try {
      return settings.repository().fetch(settings.name(), entry, directory);
    } catch (ModelLoadException e) {
      throw e;
    } catch (RuntimeException e) { // its own; it may pass, as an IOException may
      String repository = settings.repository().getClass().getName();
      throw new ModelLoadException(
          Stage.FETCH, label() + ": repository " + repository + " threw " + e, e);
    }
  }

  private void drop() {
    dropped = true; // before it happens: whoever looks when it has, sees it
    if (!progress.dropping(this)) {
      dropped = false;
      throw new CancellationException(label() + " is not wanted any more");
    }
  }

  private void undo(
      @Nullable Resident<?, ?> resident,
      @Nullable MemoryReservation memory,
      @Nullable Path directory) {
    if (resident != null) {
      var closed = resident.release();
      if (memory != null) {
        var released = closed.whenComplete((info, failure) -> memory.close());
        if (dropped) {
          awaitRelease(released); // what served comes back into the same memory
        }
      }
    } else if (memory != null) {
      memory.close();
    }
    if (directory != null) {
      StagedModel.delete(directory);
    }
  }

  private void awaitRelease(CompletableFuture<?> released) {
    try {
      released.get(RELEASE_PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      giveMemoryBack();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      // Its close failed, which is all there is to wait for.
    }
  }

  private void end(ModelLoadException why) {
    if (!cancelled) { // else whoever gave it up has said so
      progress.failed(this, why);
    }
  }

  private String label() {
    return settings.name() + " v" + entry.version();
  }

  private void requireWanted() {
    if (cancelled) {
      throw new CancellationException(label() + " is not wanted any more");
    }
  }

  private Path privateDirectory() throws IOException {
    Path staging = settings.staging();
    Files.createDirectories(staging);
    return staging.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? Files.createTempDirectory(
            staging,
            "inflight-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")))
        : Files.createTempDirectory(staging, "inflight-");
  }

  private Model<I, O> load(ModelArtifact artifact) {
    FlightEvents.Load event = new FlightEvents.Load(settings.name(), entry.version());
    try {
      Model<I, O> model = settings.loader().load(artifact);
      event.end(null);
      return model;
    } catch (ModelLoadException e) {
      event.end(e);
      throw e;
    } catch (Throwable e) {
      event.end(e);
      throw new ModelLoadException(Stage.LOAD, label() + ": " + e, e);
    }
  }

  private Resident<I, O> admit(StagedModel<I, O> model) {
    try {
      return slot.admit(model);
    } catch (Throwable e) { // its info cannot be had, or the deployment was closed meanwhile
      model.close();
      throw e;
    }
  }

  private void pass(Candidate<I, O> candidate) {
    for (Gate<I, O> gate : settings.gates()) {
      requireWanted();
      FlightEvents.Gate event =
          new FlightEvents.Gate(settings.name(), entry.version(), gate.name());
      long begin = System.nanoTime();
      String detail = "";
      String problem = null;
      try {
        detail = Objects.requireNonNullElse(check(gate, candidate), "");
      } catch (ExecutionException e) {
        Throwable cause = e.getCause();
        problem =
            String.valueOf(
                cause == null
                    ? e
                    : cause instanceof IllegalStateException ? cause.getMessage() : cause);
      } catch (TimeoutException e) {
        problem = "did not end within " + gate.patience();
      } catch (InterruptedException e) {
        requireWanted();
        problem = "interrupted";
      }
      report(gate, begin, detail, problem, event);
    }
  }

  private void report(
      Gate<I, O> gate,
      long begin,
      String detail,
      @Nullable String problem,
      FlightEvents.Gate event) {
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    GateReport report =
        new GateReport(gate.name(), problem == null, problem == null ? detail : problem, millis);
    event.end(report);
    progress.passed(this, report);
    if (problem != null) {
      throw new ModelLoadException(Stage.GATE, label() + ": " + gate.name() + ": " + problem);
    }
  }

  /** On a thread of its own: a gate that hangs is left behind. */
  private String check(Gate<I, O> gate, Candidate<I, O> candidate)
      throws ExecutionException, TimeoutException, InterruptedException {
    Future<String> answer = Clockwork.blocking().submit(() -> gate.check(candidate));
    try {
      return answer.get(TimeUnit.NANOSECONDS.convert(gate.patience()), TimeUnit.NANOSECONDS);
    } finally {
      answer.cancel(true);
    }
  }
}
