package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelSlot;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The ways of one version. */
@Timeout(30)
class TrackTest {
  private static final Set<State> RESIDENT =
      EnumSet.of(State.GATING, State.CANARY, State.LIVE, State.RETAINED);
  private static final List<State> STATES = List.of(State.values());
  private static final Versions.Entry ENTRY =
      new Versions.Entry("1", "id1", Versions.State.AVAILABLE, "");

  @TempDir Path directory;

  @Test
  void move_randomWalk_followsTheEdgesOnly() throws Exception {
    long seed = System.nanoTime();
    System.out.println("track seed " + seed);
    Random random = new Random(seed);
    Files.writeString(directory.resolve("model.txt"), "one");
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<String, String> slot = ModelSlot.empty("iris", lanes)) {
      Loaded<String, String> resident = loaded(slot);
      Track<String, String> track = new Track<>(ENTRY, Instant.EPOCH);
      int attempts = 0;
      for (int i = 0; i < 20_000; i++) {
        State to = STATES.get(random.nextInt(STATES.size()));
        Instant now = Instant.ofEpochSecond(i);
        DeploymentStatus.Version before = track.status();
        boolean legal = Track.isLegal(track.state(), to);
        if (legal && to == State.GATING) {
          track.load(resident, now);
        } else if (legal) {
          track.move(to, "step " + i, now);
        } else {
          assertThatThrownBy(() -> track.move(to, "why", now))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("v1 (" + before.state() + ")")
              .hasMessageContaining(to.name());
        }
        boolean again = before.state() == State.UNLOADED && to == State.LOADING;
        attempts += legal && (to == State.FETCHING || again) ? 1 : 0;
        DeploymentStatus.Version after = track.status();
        if (legal) {
          assertThat(after.state()).isEqualTo(to);
          assertThat(after.since()).isEqualTo(now);
        } else {
          assertThat(after).as("seed %s", seed).isEqualTo(before);
        }
        assertThat(after.attempts()).isEqualTo(attempts);
        assertThat(track.isResident()).isEqualTo(RESIDENT.contains(track.state()));
      }
    }
  }

  @Test
  void move_residentStateWithoutAModel_throwsAndChangesNothing() {
    Track<String, String> track = new Track<>(ENTRY, Instant.EPOCH);
    track.move(State.FETCHING, "", Instant.EPOCH);
    track.move(State.LOADING, "", Instant.EPOCH);
    DeploymentStatus.Version before = track.status();
    assertThatThrownBy(() -> track.move(State.GATING, "", Instant.EPOCH))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected a resident version");
    assertThatThrownBy(track::resident).isInstanceOf(IllegalStateException.class);
    assertThat(track.status()).isEqualTo(before);
  }

  @Test
  void load_notLoading_throwsAndChangesNothing() throws Exception {
    Files.writeString(directory.resolve("model.txt"), "one");
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<String, String> slot = ModelSlot.empty("iris", lanes)) {
      Loaded<String, String> resident = loaded(slot);
      Track<String, String> track = new Track<>(ENTRY, Instant.EPOCH);
      assertThatThrownBy(() -> track.load(resident, Instant.EPOCH))
          .isInstanceOf(IllegalStateException.class);
      assertThat(track.isResident()).isFalse();
    }
  }

  @Test
  void fail_withAndWithoutAnotherTry_waitsOrEnds() {
    Track<String, String> track = new Track<>(ENTRY, Instant.EPOCH);
    track.move(State.FETCHING, "", Instant.EPOCH);
    var why = new ModelLoadException(ModelLoadException.Stage.FETCH, "gone");
    track.fail(why, Optional.of(Instant.ofEpochSecond(9)), Instant.EPOCH);
    assertThat(track.state()).isEqualTo(State.AVAILABLE);
    assertThat(track.isDue(Instant.ofEpochSecond(8))).isFalse();
    assertThat(track.isDue(Instant.ofEpochSecond(9))).isTrue();
    track.move(State.FETCHING, "", Instant.EPOCH);
    assertThat(track.isWaiting()).isFalse();
    track.fail(why, Optional.empty(), Instant.EPOCH);
    assertThat(track.state()).isEqualTo(State.FAILED);
    assertThat(track.failures()).isEqualTo(2);
    assertThat(track.failure()).isSameAs(why);
    track.clear();
    assertThat(track.failures()).isZero();
    assertThat(track.failure()).isNull();
  }

  private Loaded<String, String> loaded(ModelSlot<String, String> slot) throws Exception {
    ModelArtifact artifact = ModelArtifact.of("iris", "1", directory);
    MemoryReservation memory =
        new MemoryShare(MemoryBudget.unlimited(), "iris", false).reserve("1", 1, () -> {});
    StagedModel<String, String> model =
        new StagedModel<>(new FakeLoader().load(artifact), directory);
    model.leaveFiles(true); // they are the test's
    return new Loaded<>(slot.admit(model), artifact, model, memory);
  }
}
