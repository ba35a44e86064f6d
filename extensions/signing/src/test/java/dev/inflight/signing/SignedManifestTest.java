package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Manifests that a trusted signer signed, in the one form and in others. */
class SignedManifestTest {
  private static final String HASH_OF_A =
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

  private static KeyPair pair;

  @TempDir Path directory;

  @BeforeAll
  static void generate() throws Exception {
    pair = Bench.pair(KeyKind.ED25519);
  }

  @BeforeEach
  void writeModel() throws Exception {
    byte[] a = {'a'};
    Bench.write(directory, Map.of("a.bin", a, "b/c.bin", a));
  }

  private void write(String manifest) throws Exception {
    byte[] bytes = manifest.replace("HASH", HASH_OF_A).getBytes(StandardCharsets.UTF_8);
    Files.write(directory.resolve(SignedManifest.FILE), bytes);
    Files.write(
        directory.resolve(SignedManifest.SIGNATURE),
        SignedManifest.sign(bytes, pair.getPrivate(), pair.getPublic()));
  }

  private void assertRefused(String why) {
    assertThatThrownBy(() -> Bench.inspect(Trust.required(Bench.trusted(pair)), directory))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("expected")
        .hasMessageContaining(why);
  }

  @Test
  void manifest_inItsOneForm_isAccepted() throws Exception {
    write("HASH  a.bin\nHASH  b/c.bin\n");
    assertThat(Bench.inspect(Trust.required(Bench.trusted(pair)), directory))
        .containsExactly("a.bin", "b/c.bin");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "HASH  a.bin\nHASH  b/c.bin",
        "HASH  a.bin\nHASH  b/c.bin\n\n",
        "HASH  a.bin\r\nHASH  b/c.bin\r\n",
        "HASH  b/c.bin\nHASH  a.bin\n",
        "HASH  a.bin\nHASH  a.bin\nHASH  b/c.bin\n",
        "HASH *a.bin\nHASH *b/c.bin\n",
        "HASH  ./a.bin\nHASH  b/c.bin\n",
        "HASH  ../a.bin\nHASH  a.bin\nHASH  b/c.bin\n",
        "HASH  /a.bin\nHASH  a.bin\nHASH  b/c.bin\n",
        "HASH  a.bin\nHASH  b/c.bin\nHASH  b\\c.bin\n",
        "HASH  a.bin\nHASH  b/c.bin\nHASH  model.sig\n",
        "HASH  a.bin\n",
        "HASH  a.bin\nHASH  b/c.bin\nHASH  more.bin\n"
      })
  void manifest_inAnyOtherForm_isRefused(String manifest) throws Exception {
    write(manifest);
    assertRefused("");
  }

  /** A signature of these bytes for another purpose is none of a manifest. */
  @Test
  void signature_ofTheBytesAlone_isRefused() throws Exception {
    write("HASH  a.bin\nHASH  b/c.bin\n");
    Path file = directory.resolve(SignedManifest.SIGNATURE);
    byte[] plain =
        Keys.sign(pair.getPrivate(), Files.readAllBytes(directory.resolve(SignedManifest.FILE)));
    byte[] signature = Arrays.copyOf(Keys.ed25519(pair.getPublic()), 32 + plain.length);
    System.arraycopy(plain, 0, signature, 32, plain.length);
    Files.write(file, signature);
    assertRefused("a signature of the key " + Keys.derFingerprint(pair.getPublic()));
  }

  @Test
  void signature_ofAnother_isRefused() throws Exception {
    KeyPair trusted = pair;
    pair = Bench.pair(KeyKind.ED25519);
    try {
      write("HASH  a.bin\nHASH  b/c.bin\n");
    } finally {
      pair = trusted;
    }
    assertRefused("got one of the key");
  }

  @Test
  void signature_withoutItsManifest_isRefused() throws Exception {
    write("HASH  a.bin\nHASH  b/c.bin\n");
    Files.delete(directory.resolve(SignedManifest.FILE));
    assertRefused(SignedManifest.FILE);
  }

  @Test
  void manifest_withoutItsSignature_isRefused() throws Exception {
    write("HASH  a.bin\nHASH  b/c.bin\n");
    Files.delete(directory.resolve(SignedManifest.SIGNATURE));
    assertRefused("got none");
  }
}
