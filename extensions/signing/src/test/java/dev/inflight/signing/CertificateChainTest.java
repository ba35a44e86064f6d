package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may sign with a certificate, and when. */
class CertificateChainTest {
  @TempDir Path directory;

  @BeforeEach
  void writeModel() throws Exception {
    Bench.write(directory, Bench.model(2));
  }

  private void sign(String... chain) throws Exception {
    ModelSigner.fromKey(Bench.resource("certificates/signer.key"))
        .withCertificates(Bench.chain(chain))
        .replacing()
        .sign(directory);
  }

  private static TrustedSigners roots(String... names) throws Exception {
    return TrustedSigners.fromRoots(Bench.chain(names));
  }

  private void assertRefused(TrustedSigners signers, String why) {
    assertThatThrownBy(() -> Bench.inspect(Trust.required(signers), directory))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining(why)
        .hasMessageContaining("expected");
  }

  private void assertAccepted(TrustedSigners signers) throws Exception {
    assertThat(Bench.inspect(Trust.required(signers), directory))
        .containsExactlyElementsOf(
            Bench.model(2).keySet().stream().sorted(Contents.ORDER).toList());
  }

  @Test
  void chain_toATrustedRoot_isAccepted() throws Exception {
    sign("signer", "intermediate");
    assertAccepted(roots("root"));
    assertAccepted(roots("other-root", "root"));
    assertAccepted(roots("root").withSubjects("CN=other", "CN=signer, O=Inflight tests"));
    assertAccepted(roots("intermediate"));
    assertAccepted(roots("signer"));
    sign("signer", "root", "other-root", "intermediate");
    assertAccepted(roots("root"));
  }

  @Test
  void chain_toNoTrustedRoot_isRefused() throws Exception {
    sign("signer", "intermediate", "root");
    assertRefused(roots("other-root"), "a chain to [CN=other-root");
    assertRefused(
        TrustedSigners.ofKeys(List.of(Bench.pair(KeyKind.P256).getPublic())),
        "got one of the certificate");
    sign("signer");
    assertRefused(roots("root"), "a chain to");
  }

  /**
   * The certificate brings the key along, but a key that is trusted is not a certificate that is.
   */
  @Test
  void certificate_ofATrustedKey_isRefused() throws Exception {
    sign("signer", "intermediate");
    ModelSigner signer = ModelSigner.fromKey(Bench.resource("certificates/signer.key"));
    assertRefused(TrustedSigners.ofKeys(List.of(signer.publicKey())), "got one of the certificate");
  }

  @ParameterizedTest
  @CsvSource({
    "server, codeSigning",
    "encipher, digitalSignature",
    "short, to be valid at 2027-01-01",
  })
  void certificate_notForSigningNow_isRefused(String name, String why) throws Exception {
    sign(name, "intermediate");
    assertRefused(roots("root"), why);
    assertRefused(roots(name), why);
  }

  /** The JDK reads a signature whose last byte is said to have spare bits as the same signature. */
  @Test
  void certificate_whoseSignatureHasSpareBits_isRefused() throws Exception {
    byte[] der = Pem.certificates(Bench.chain("intermediate")).get(0).getEncoded();
    assertThat(Pem.certificate(der).getEncoded()).isEqualTo(der);
    int count = der.length - Pem.certificate(der).getSignature().length - 1;
    assertThat(der[count]).isZero();
    der[count] = 1;
    assertThatThrownBy(() -> Pem.certificate(der))
        .isInstanceOf(java.security.GeneralSecurityException.class)
        .hasMessageContaining("whole bytes");
  }

  @Test
  void certificate_issuedByASigner_isRefused() throws Exception {
    sign("below-signer", "signer", "intermediate");
    assertRefused(roots("root"), "a chain to");
  }

  @Test
  void certificate_ofAnotherSubject_isRefused() throws Exception {
    sign("signer", "intermediate");
    assertRefused(roots("root").withSubjects("CN=signer"), "one of the subjects [CN=signer]");
    assertRefused(
        roots("root").withSubjects("CN=signer, O=Inflight tests, C=DE"), "one of the subjects");
  }

  @Test
  void certificate_isJudgedAtTheMomentOfTheFetch() throws Exception {
    sign("short", "intermediate");
    Instant begin =
        Pem.certificates(Bench.resource("certificates/short.pem"))
            .get(0)
            .getNotBefore()
            .toInstant();
    for (int hours : new int[] {-1, 1, 23, 25}) {
      Trust trust =
          Trust.required(roots("root"))
              .withClock(InstantSource.fixed(begin.plusSeconds(hours * 3600L)))
              .allowingRollback();
      Inspector inspector = new Inspector(trust);
      if (hours == 1 || hours == 23) {
        assertThat(inspector.inspect("m", "1", directory)).isNotEmpty();
      } else {
        assertThatThrownBy(() -> inspector.inspect("m", "1", directory))
            .isInstanceOf(Refusal.class)
            .hasMessageContaining("valid at");
      }
    }
  }
}
