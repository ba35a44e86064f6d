package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The policies, and what they remember. */
class SignedRepositoryTest {
  private static final Optional<ModelSigner> NOBODY = Optional.empty();

  @TempDir Path room;
  private Path state;
  private Shelf shelf;
  private Optional<ModelSigner> signer;
  private Optional<ModelSigner> stranger;

  @BeforeEach
  void generate() throws Exception {
    state = room.resolve("state/trust");
    shelf = new Shelf(room);
    signer = Optional.of(ModelSigner.of(Bench.pair(KeyKind.P256).getPrivate()));
    stranger = Optional.of(ModelSigner.of(Bench.pair(KeyKind.P256).getPrivate()));
  }

  private Trust required() {
    return Trust.required(signers()).withState(state);
  }

  private TrustedSigners signers() {
    return TrustedSigners.ofKeys(List.of(signer.orElseThrow().publicKey()));
  }

  /** As a new process. */
  private SignedRepository open(Trust trust) {
    return SignedRepository.of(shelf, trust);
  }

  private void assertRefused(SignedRepository repository, String version, String why) {
    assertThatThrownBy(() -> shelf.fetch(repository, version))
        .isInstanceOfSatisfying(
            ModelLoadException.class, e -> assertThat(e.stage()).isEqualTo(Stage.VERIFY))
        .hasMessageStartingWith("iris v" + version + ": ")
        .hasMessageContaining("expected")
        .hasMessageContaining(why);
  }

  private void assertAccepted(SignedRepository repository, String version) throws IOException {
    assertThat(shelf.fetch(repository, version).files()).containsOnlyKeys("model.onnx");
  }

  @Test
  void signed_isServedWithoutItsSignature() throws Exception {
    shelf.put("1", "one", signer).add("1", ".gitignore", "unsigned").add("1", ".git/a", "unsigned");
    ModelArtifact artifact = shelf.fetch(open(required()), "1");
    assertThat(artifact.files()).containsOnlyKeys("model.onnx");
    assertThat(artifact.format()).isEqualTo("onnx");
    assertThat(StandardCharsets.UTF_8.decode(artifact.read("model.onnx")).toString())
        .isEqualTo("one");
    assertThat(Bench.read(room.resolve("target0"))).containsOnlyKeys("model.onnx");
  }

  @Test
  void required_withoutTrustedSignature_isRefused() throws Exception {
    shelf
        .put("1", "one", NOBODY)
        .put("2", "two", stranger)
        .put("3", "three", signer)
        .add("3", "more.onnx", "more")
        .put("4", "four", signer)
        .add("4", "inflight.sha256.sig", "another");
    SignedRepository repository = open(required());
    assertRefused(repository, "1", "got none");
    assertRefused(repository, "2", "got one of the key");
    assertRefused(repository, "3", "more.onnx");
    assertRefused(repository, "4", "one signature");
  }

  @Test
  void refused_isNotRemembered() throws Exception {
    shelf.put("9", "nine", stranger).put("1", "one", signer);
    SignedRepository repository = open(required());
    assertRefused(repository, "9", "got one of the key");
    assertAccepted(repository, "1");
  }

  @Test
  void trust_withoutStateOrRollback_isRefusedAtOnce() {
    assertThatThrownBy(() -> open(Trust.required(signers())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("withState")
        .hasMessageContaining("allowingRollback");
    assertThatThrownBy(() -> open(Trust.digest(Set.of())))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(open(Trust.required(signers()).allowingRollback())).isNotNull();
    assertThatThrownBy(() -> Trust.off().withState(state))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void off_servesEverythingAsItIs() throws Exception {
    shelf.put("1", "one", NOBODY).add("1", "model.sig", "garbage");
    assertThat(shelf.fetch(open(Trust.off()), "1").files())
        .containsOnlyKeys("model.onnx", "model.sig");
  }

  @Test
  void older_afterANewerOneWasAccepted_isRefusedByTheNextProcess() throws Exception {
    shelf.put("1", "one", signer).put("2", "two", signer).put("10", "ten", signer);
    assertAccepted(open(required()), "2");
    assertAccepted(open(required()), "10");
    assertRefused(open(required()), "2", "allowingRollback");
    assertRefused(open(required()), "1", "v10 or newer");
    assertAccepted(open(required()), "10");
    assertAccepted(open(required().allowingRollback()), "1");
    assertRefused(open(required()), "1", "v10 or newer");
  }

  /** A deployment that rolls back fetches what it has not kept. */
  @Test
  void older_afterTheNewestWasAcceptedByTheSameObject_isAccepted() throws Exception {
    shelf.put("1", "one", signer).put("2", "two", signer).put("3", "three", signer);
    SignedRepository repository = open(required());
    assertAccepted(repository, "1");
    assertAccepted(repository, "3");
    assertAccepted(repository, "1");
    assertAccepted(repository, "2");
    SignedRepository next = open(required());
    assertRefused(next, "2", "v3 or newer");
    assertAccepted(next, "3");
    assertAccepted(next, "2");
  }

  /** Another process saw a newer one: this one cannot know why it is not there. */
  @Test
  void older_afterAnotherProcessAcceptedANewerOne_isRefused() throws Exception {
    shelf.put("1", "one", signer).put("2", "two", signer).put("3", "three", signer);
    SignedRepository repository = open(required());
    assertAccepted(repository, "1");
    assertAccepted(repository, "2");
    assertAccepted(open(required()), "3");
    assertRefused(repository, "1", "v3 or newer");
  }

  @Test
  void oldContent_underANewNumber_isRefused() throws Exception {
    shelf.put("1", "vulnerable", signer).put("2", "two", signer);
    SignedRepository repository = open(required());
    assertAccepted(repository, "1");
    assertAccepted(repository, "2");
    shelf.rename("1", "3");
    assertRefused(repository, "3", "that of v1 again");
    assertRefused(open(required()), "3", "that of v1 again");
    assertAccepted(open(required().allowingRollback()), "3");
    shelf.rename("2", "4");
    assertRefused(open(required()), "4", "that of v2 again"); // v3 is the highest now
  }

  @Test
  void sameContent_underTheNextNumber_isAccepted() throws Exception {
    shelf.put("1", "one", signer).rename("1", "2");
    assertAccepted(open(required()), "1");
    assertAccepted(open(required()), "2");
  }

  @Test
  void otherContent_underAKnownNumber_isRefused() throws Exception {
    shelf.put("1", "one", signer);
    assertAccepted(open(required()), "1");
    shelf.put("1", "another", signer);
    assertRefused(open(required()), "1", "its content changed");
    assertRefused(open(required().allowingRollback()), "1", "its content changed");
  }

  @Test
  void models_doNotConcernEachOther() throws Exception {
    shelf.put("1", "one", signer).put("2", "two", signer);
    assertAccepted(open(required()), "2");
    Path target = Files.createDirectory(room.resolve("other"));
    assertThat(
            open(required())
                .fetch("a model\twith\nodd name", shelf.versions("").entries().get(0), target))
        .isNotNull();
    assertRefused(open(required()), "1", "v2 or newer");
  }

  @Test
  void digest_servesTheContentItNames() throws Exception {
    shelf.put("1", "one", NOBODY).add("1", "labels.txt", "a").add("1", ".gitignore", "x");
    Path same = Files.createDirectory(room.resolve("same"));
    Files.writeString(same.resolve("model.onnx"), "one");
    Files.writeString(same.resolve("labels.txt"), "a");
    String root = Contents.root(Contents.of(same).signable().values());
    Trust trust = Trust.digest(Set.of(root.toUpperCase(java.util.Locale.ROOT))).withState(state);
    assertThat(shelf.fetch(open(trust), "1").files()).containsOnlyKeys("labels.txt", "model.onnx");
    shelf.add("1", "labels.txt", "b");
    assertRefused(open(trust), "1", "root digest '" + root + "', got ");
  }

  @Test
  void digest_orSignature_isEnough() throws Exception {
    shelf.put("1", "one", NOBODY).put("2", "two", signer).put("3", "three", stranger);
    Trust.RootDigests digests =
        (model, version) ->
            model.equals("iris") && version.equals("1")
                ? Set.of(Contents.root(List.of(sha("one"))))
                : Set.of();
    SignedRepository repository =
        open(Trust.digest(digests).withSigners(signers()).withState(state));
    assertAccepted(repository, "1");
    assertAccepted(repository, "2");
    assertRefused(repository, "3", "got one of the key");
    assertRefused(repository, "3", "one of 0 root digests");
  }

  private static String sha(String text) {
    return java.util.HexFormat.of()
        .formatHex(Contents.sha256().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void digest_thatCannotBeHad_isAFailureOfTheSource() throws Exception {
    shelf.put("1", "one", NOBODY);
    Trust trust =
        Trust.digest(
                (model, version) -> {
                  throw new IOException("the registry is down");
                })
            .withState(state);
    assertThatThrownBy(() -> shelf.fetch(open(trust), "1"))
        .isInstanceOf(IOException.class)
        .hasMessage("the registry is down");
  }

  @Test
  void firstUse_staysWithTheSignerOnceThereWasOne() throws Exception {
    shelf
        .put("1", "one", NOBODY)
        .put("2", "two", signer)
        .put("3", "three", NOBODY)
        .put("4", "four", stranger)
        .put("5", "five", signer);
    assertAccepted(open(Trust.firstUse(state)), "1");
    assertAccepted(open(Trust.firstUse(state)), "2");
    SignedRepository repository = open(Trust.firstUse(state));
    assertRefused(repository, "3", "as at first use, got none");
    assertRefused(repository, "4", "got another's");
    assertAccepted(repository, "5");
    assertRefused(open(Trust.firstUse(state)), "2", "v5 or newer");
  }

  @Test
  void firstUse_ofUnsignedVersion_refusesOtherContent() throws Exception {
    shelf.put("1", "one", NOBODY);
    assertAccepted(open(Trust.firstUse(state)), "1");
    shelf.put("1", "another", NOBODY);
    assertRefused(open(Trust.firstUse(state)), "1", "its content changed");
    shelf.put("1", "another", stranger);
    assertRefused(open(Trust.firstUse(state)), "1", "its content changed");
    shelf.put("1", "one", NOBODY);
    assertAccepted(open(Trust.firstUse(state)), "1");
  }

  @Test
  void firstUse_ofSignedManifest_staysWithItsKey() throws Exception {
    Optional<ModelSigner> edge =
        Optional.of(ModelSigner.of(Bench.pair(KeyKind.ED25519).getPrivate()));
    Optional<ModelSigner> other =
        Optional.of(ModelSigner.of(Bench.pair(KeyKind.ED25519).getPrivate()));
    shelf
        .put("1", "one", edge)
        .put("2", "two", other)
        .put("3", "three", signer)
        .put("4", "four", edge);
    assertAccepted(open(Trust.firstUse(state)), "1");
    assertRefused(open(Trust.firstUse(state)), "2", "the key " + fingerprint(edge));
    assertRefused(open(Trust.firstUse(state)), "3", "the key " + fingerprint(edge));
    assertAccepted(open(Trust.firstUse(state)), "4");
  }

  private static String fingerprint(Optional<ModelSigner> signer) {
    return Keys.derFingerprint(signer.orElseThrow().publicKey());
  }

  @Test
  void firstUse_ofBundleThatOnlyNamesItsKey_needsTheKey() throws Exception {
    Path tool = Bench.resource("vectors/v1.1.0-elliptic-key");
    shelf.put("1", "", NOBODY);
    for (String file : List.of("signme-1", "signme-2", "model.sig")) {
      shelf.add("1", file, Files.readString(tool.resolve(file)));
    }
    shelf.add("1", "ignore-me", "");
    Path key = Bench.resource("vectors/keys/signing-key-pub.pem");
    Trust trust = Trust.firstUse(state).withSigners(TrustedSigners.fromKeys(key));
    assertRefused(open(Trust.firstUse(state)), "1", "withSigners");
    assertRefused(open(trust), "1", "model.onnx");
  }

  @Test
  void state_tornOrEdited_isAnErrorThatSaysSo() throws Exception {
    shelf.put("1", "one", signer).put("2", "two", signer);
    assertAccepted(open(required()), "1");
    byte[] whole = Files.readAllBytes(state);
    List<byte[]> wrongs = new ArrayList<>();
    for (int length = 0; length < whole.length; length += 13) {
      wrongs.add(java.util.Arrays.copyOf(whole, length));
    }
    for (int at = 0; at < whole.length; at += 5) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 1;
      wrongs.add(flipped);
    }
    for (byte[] wrong : wrongs) {
      Files.write(state, wrong);
      assertThatThrownBy(() -> shelf.fetch(open(required()), "2"))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(state.toString())
          .hasMessageContaining("restore it, or remove it");
      assertThat(state).hasBinaryContent(wrong);
    }
    Files.write(state, whole);
    assertAccepted(open(required()), "2");
  }

  @Test
  void state_isForItsOwnerAlone() throws Exception {
    shelf.put("1", "one", signer);
    assertAccepted(open(required()), "1");
    assertThat(state.getParent().toFile().list()).containsExactlyInAnyOrder("trust", "trust.lock");
    for (Path file : List.of(state, state.resolveSibling("trust.lock"))) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
  }

  /** Threads of several objects share the file: none forgets what another accepted. */
  @Test
  void state_writtenByManyThreads_forgetsNothing() throws Exception {
    int versions = 40;
    for (int i = 0; i < versions; i++) {
      shelf.put(String.valueOf(i), "text " + i, signer);
    }
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> fetches = new ArrayList<>();
      for (int i = 0; i < versions; i++) {
        String version = String.valueOf(i);
        Path target = Files.createDirectory(room.resolve("many" + i));
        SignedRepository repository = open(required().allowingRollback());
        fetches.add(
            threads.submit(
                () ->
                    repository.fetch(
                        "iris",
                        shelf.versions("iris").entries().stream()
                            .filter(entry -> entry.version().equals(version))
                            .findFirst()
                            .orElseThrow(),
                        target)));
      }
      for (Future<?> fetch : fetches) {
        fetch.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    for (int i = 0; i < versions; i++) {
      shelf.put(String.valueOf(i), "another " + i, signer);
      assertRefused(open(required().allowingRollback()), String.valueOf(i), "its content changed");
    }
  }
}
