package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KeysTest {
  private static final int PAIRS = 20;

  /** What is before the point in a key on P-256. */
  private static final int HEADER = 27;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void publicHalf_ofAnyPrivateKey_isFound(KeyKind kind) throws Exception {
    for (int i = 0; i < PAIRS; i++) {
      KeyPair pair = Bench.pair(kind);
      assertThat(Keys.publicOf(pair.getPrivate())).isEqualTo(pair.getPublic());
    }
  }

  @ParameterizedTest
  @EnumSource
  void pem_ofAnyKind_isReadAsWritten(KeyKind kind) throws Exception {
    KeyPair pair = Bench.pair(kind);
    Path privateKey = directory.resolve("private.pem");
    Path publicKey = directory.resolve("public.pem");
    Files.writeString(privateKey, Pem.text("PRIVATE KEY", pair.getPrivate().getEncoded()));
    Files.writeString(publicKey, Pem.text("PUBLIC KEY", pair.getPublic().getEncoded()));
    assertThat(ModelSigner.fromKey(privateKey).publicKey()).isEqualTo(pair.getPublic());
    assertThat(Pem.publicKey(publicKey)).isEqualTo(pair.getPublic());
    assertThat(KeyKind.of(pair.getPrivate())).isEqualTo(kind);
  }

  /** Otherwise a bundle could be changed without anybody noticing. */
  @Test
  void publicKey_inAnotherEncoding_isNotTheSameKey() throws Exception {
    PublicKey key = Bench.pair(KeyKind.P256).getPublic();
    byte[] x509 = key.getEncoded();
    for (int at = 0; at < x509.length; at++) {
      for (int change = 1; change < 256; change++) {
        if (at >= HEADER && Integer.bitCount(change) != 1) {
          continue; // of the point itself each bit is enough
        }
        byte[] other = x509.clone();
        other[at] ^= (byte) change;
        assertThat(read(other)).as("byte %d, ^ %d", at, change).isNotEqualTo(Optional.of(key));
      }
    }
    assertThat(read(x509)).contains(key);
  }

  private static Optional<PublicKey> read(byte[] x509) {
    try {
      return Optional.of(Keys.of(x509));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Test
  void pem_inSec1_isRefusedWithTheCommandThatConverts() {
    assertThatThrownBy(() -> ModelSigner.fromKey(Bench.resource("certificates/sec1.key")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected one PRIVATE KEY (PEM), got [EC PRIVATE KEY]")
        .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt");
  }

  @Test
  void pem_ofSomethingElse_isRefusedAndNotPrinted() throws Exception {
    KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
    rsa.initialize(2048);
    KeyPair pair = rsa.generateKeyPair();
    String text = Pem.text("PRIVATE KEY", pair.getPrivate().getEncoded());
    Path file = Files.writeString(directory.resolve("rsa.pem"), text);
    assertThatThrownBy(() -> ModelSigner.fromKey(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("P-256")
        .hasNoCause();
    Files.writeString(file, Pem.text("PUBLIC KEY", pair.getPublic().getEncoded()));
    assertThatThrownBy(() -> TrustedSigners.fromKeys(file)).hasMessageContaining("got RSA");
    Files.writeString(file, Pem.text("ENCRYPTED PRIVATE KEY", new byte[] {1}));
    assertThatThrownBy(() -> ModelSigner.fromKey(file)).hasMessageContaining("openssl pkcs8 -in");
    Files.writeString(file, "no key");
    assertThatThrownBy(() -> ModelSigner.fromKey(file)).hasMessageContaining("got none");
  }

  @Test
  void signers_ofNobody_areRefused() {
    assertThatThrownBy(() -> TrustedSigners.ofKeys(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> TrustedSigners.ofRoots(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void signers_withSubjectsForSomeRootsOnly_areRefused() throws Exception {
    TrustedSigners root = TrustedSigners.fromRoots(Bench.chain("root"));
    TrustedSigners other = TrustedSigners.fromRoots(Bench.chain("other-root"));
    TrustedSigners key = TrustedSigners.ofKeys(List.of(Bench.pair(KeyKind.P256).getPublic()));
    assertThat(root.withSubjects("CN=a").and(other.withSubjects("CN=a")).roots()).hasSize(2);
    assertThat(root.withSubjects("CN=a").and(key).subjects()).hasSize(1);
    assertThatThrownBy(() -> root.withSubjects("CN=a").and(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("CN=a");
    assertThatThrownBy(() -> key.withSubjects("CN=a")).isInstanceOf(IllegalArgumentException.class);
  }
}
