package dev.inflight.signing;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.interfaces.ECKey;
import java.security.interfaces.EdECKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The kinds of keys that sign models, each with its one algorithm. */
enum KeyKind {
  P256("secp256r1", "SHA256withECDSA"),
  P384("secp384r1", "SHA384withECDSA"),
  P521("secp521r1", "SHA512withECDSA"),
  ED25519("Ed25519", "Ed25519");

  /** As the JDK calls the curve. */
  final String curve;

  /** As the JDK calls the signature; for ECDSA the hash goes with the curve, as OMS has it. */
  final String algorithm;

  KeyKind(String curve, String algorithm) {
    this.curve = curve;
    this.algorithm = algorithm;
  }

  /**
   * {@return the kind of a key, private or public}
   *
   * @throws IllegalArgumentException if it is of none
   */
  static KeyKind of(Key key) {
    return Arrays.stream(values())
        .filter(kind -> kind.fits(key))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "key: expected EC on P-256, P-384 or P-521, or Ed25519, got "
                        + key.getAlgorithm()
                        + (key instanceof ECKey ? " on another curve" : "")));
  }

  static Optional<KeyKind> named(String name) {
    return Arrays.stream(values())
        .filter(kind -> kind.toString().equals(name.toLowerCase(Locale.ROOT)))
        .findFirst();
  }

  private boolean fits(Key key) {
    if (this == ED25519) {
      return key instanceof EdECKey ed
          && ed.getParams().getName().equals(NamedParameterSpec.ED25519.getName());
    }
    return key instanceof ECKey ec && isSame(ec.getParams(), parameters());
  }

  private static boolean isSame(ECParameterSpec a, ECParameterSpec b) {
    return a.getCurve().equals(b.getCurve())
        && a.getGenerator().equals(b.getGenerator())
        && a.getOrder().equals(b.getOrder())
        && a.getCofactor() == b.getCofactor();
  }

  /** {@return the curve of a kind of ECDSA} */
  ECParameterSpec parameters() {
    try {
      AlgorithmParameters named = AlgorithmParameters.getInstance("EC");
      named.init(new ECGenParameterSpec(curve));
      return named.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + curve, e);
    }
  }

  /** {@return as the command line calls it} */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
