package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.files.OwnerOnly;
import dev.inflight.files.SealedFile;
import dev.inflight.files.SealedFile.DamagedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is remembered comes back as it was, or not at all. */
class HomeStateTest extends HomeFixture {
  private static final String FORMAT = "inflight state 1";

  @Test
  void memory_nothingRemembered_isNone() throws Exception {
    Home home = warning(this::open);
    assertThat(home.memory()).isEqualTo(Memory.NONE);
    assertThat(home.lastGood()).isEmpty();
    assertThat(warnings()).isEmpty();
    assertThat(left()).isEmpty();
  }

  @Test
  void memory_oddStrings_comeBack() throws Exception {
    open().remember(odd());
    assertThat(warning(this::reopen).memory()).isEqualTo(odd());
    assertThat(warnings()).isEmpty();
  }

  @Test
  void memory_everyCharacter_comesBack() throws IOException {
    StringBuilder all = new StringBuilder();
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      all.append((char) c);
    }
    Memory memory = Memory.NONE.withTrial("all", Map.of(all.toString(), "x"));
    open().remember(memory);
    assertThat(reopen().memory()).isEqualTo(memory);
  }

  @Test
  void remember_again_replacesAndForgets() throws IOException {
    Home home = open();
    home.remember(odd());
    Memory less = odd().withoutRejected(ODD).withoutAttempts(ODD).withoutTrials();
    home.remember(less);
    assertThat(home.memory()).isEqualTo(less).isNotEqualTo(odd());
    assertThat(reopen().memory()).isEqualTo(less);
    assertThat(left()).containsExactly("state");
  }

  @Test
  void memory_fileCutAnywhere_isNeverAnother() throws IOException {
    byte[] bytes = SealedFile.bytes(FORMAT, MemoryRecords.of(odd()));
    assertThat(MemoryRecords.memory(SealedFile.records(bytes, FORMAT))).isEqualTo(odd());
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> SealedFile.records(cut, FORMAT))
          .as("first %d of %d bytes", length, bytes.length)
          .isInstanceOf(DamagedException.class);
      byte[] zeros = Arrays.copyOf(cut, bytes.length);
      assertThatThrownBy(() -> SealedFile.records(zeros, FORMAT))
          .as("zeros after %d bytes", length)
          .isInstanceOf(DamagedException.class);
    }
  }

  @Test
  void memory_anyBitFlipped_isNeverAnother() throws IOException {
    byte[] bytes = SealedFile.bytes(FORMAT, MemoryRecords.of(odd()));
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> SealedFile.records(flipped, FORMAT))
          .as("bit %d of %d bytes", bit, bytes.length)
          .isInstanceOf(DamagedException.class);
    }
  }

  @Test
  void open_tornState_setsItAsideWithOneWarning() throws Exception {
    open().remember(odd());
    byte[] bytes = Files.readAllBytes(inside("state"));
    for (int length : new int[] {0, 1, 71, 72, bytes.length / 2, bytes.length - 1}) {
      closeAll();
      byte[] torn = Arrays.copyOf(bytes, length);
      Files.write(inside("state"), torn);
      Home home = warning(this::open);
      assertThat(home.memory()).isEqualTo(Memory.NONE);
      assertThat(warnings())
          .singleElement()
          .asString()
          .contains("home of iris: " + inside("state") + ": expected", "got", "state.damaged");
      assertThat(Files.readAllBytes(inside("state.damaged"))).isEqualTo(torn);
      assertThat(left()).containsExactly("state.damaged");
    }
    reopen().remember(odd().withAttempts("y", 2));
    assertThat(warning(this::reopen).memory()).isEqualTo(odd().withAttempts("y", 2));
    assertThat(warnings()).isEmpty();
  }

  @Test
  void open_editedState_setsItAside() throws Exception {
    open().remember(Memory.NONE.withAttempts("abc", 3));
    String text = Files.readString(inside("state"), StandardCharsets.US_ASCII);
    assertThat(text).startsWith(FORMAT + "\nattempts\tabc\t3\nsha256 ");
    closeAll();
    Files.writeString(inside("state"), text.replace("\t3\n", "\t1\n"));
    assertThat(warning(this::open).memory()).isEqualTo(Memory.NONE);
    assertThat(warnings()).singleElement().asString().contains("torn or edited");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "other\tx",
        "good\t1\t../../etc\t2026-03-01T12:00:00Z",
        "good\t1",
        "rejected\tx\t1\tnoon\twhy",
        "attempts\tx\t0",
        "attempts\tx\tmany",
        "trial\tx\tkey",
        "",
      })
  void open_wellSealedNonsense_isSetAside(String record) throws Exception {
    open().close();
    SealedFile.write(inside(""), "state", FORMAT, List.of(List.of(record.split("\t", -1))));
    assertThat(warning(this::open).memory()).isEqualTo(Memory.NONE);
    assertThat(warnings()).hasSize(1);
    assertThat(inside("state.damaged")).exists();
  }

  @Test
  void open_otherFormat_isSetAsideByName() throws Exception {
    open().close();
    SealedFile.write(inside(""), "state", "inflight state 2", List.of());
    assertThat(warning(this::open).memory()).isEqualTo(Memory.NONE);
    assertThat(warnings())
        .singleElement()
        .asString()
        .contains("expected format 'inflight state 1', got 'inflight state 2'");
  }

  @Test
  void open_stateIsALink_isSetAsideAndNotRead() throws Exception {
    open().remember(odd());
    closeAll();
    Path elsewhere = Files.move(inside("state"), source.resolve("elsewhere"));
    Files.createSymbolicLink(inside("state"), elsewhere);
    assertThat(warning(this::open).memory()).isEqualTo(Memory.NONE);
    assertThat(warnings()).singleElement().asString().contains("got a link");
    assertThat(elsewhere).exists();
  }

  @Test
  void open_draftOfACrash_isRemovedAndTheOldStateStands() throws IOException {
    open().remember(odd());
    closeAll();
    Path draft = OwnerOnly.temporary(inside(""));
    SealedFile.write(inside(""), draft.getFileName().toString(), FORMAT, List.of());
    assertThat(open().memory()).isEqualTo(odd());
    assertThat(left()).containsExactly("state");
  }

  @Test
  void remember_failing_leavesNoDraftAndTheOldMemory() throws IOException {
    Home home = open();
    Files.createDirectories(inside("state/in-the-way")); // nothing can be renamed to this
    assertThatThrownBy(() -> home.remember(odd()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("home of iris: expected to write " + inside("state") + ", got ");
    assertThat(home.memory()).isEqualTo(Memory.NONE);
    assertThat(left()).containsExactly("state", "state/in-the-way");
  }

  @Test
  void memory_mapsChangedLater_isWhatItWas() {
    Map<String, String> state = new HashMap<>(Map.of("k", "v"));
    Memory memory = Memory.NONE.withTrial("x", state);
    state.put("k", "w");
    assertThat(memory.trials()).isEqualTo(Map.of("x", Map.of("k", "v")));
    assertThatThrownBy(() -> memory.withAttempts("x", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("attempts of x: expected at least 1, got 0");
  }
}
