package dev.inflight.signing;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.KeyAgreement;

/** Public keys by their bytes and fingerprints, and signatures by their keys. */
final class Keys {
  /** An Ed25519 key in X.509 is this and 32 bytes (RFC 8410, section 4). */
  private static final byte[] ED25519_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  static final int ED25519_BYTES = 32;

  private Keys() {}

  static boolean verify(PublicKey key, byte[] message, byte[] signature) {
    try {
      Signature check = Signature.getInstance(KeyKind.of(key).algorithm);
      check.initVerify(key);
      check.update(message);
      return check.verify(signature);
    } catch (GeneralSecurityException e) {
      return false; // of another length or form than signatures of this key have
    }
  }

  static byte[] sign(PrivateKey key, byte[] message) {
    try {
      Signature sign = Signature.getInstance(KeyKind.of(key).algorithm);
      sign.initSign(key);
      sign.update(message);
      return sign.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a key of this kind signs", e);
    }
  }

  /** {@return what hints call a key: SHA-256 of its PEM, as Python's tool has it, or of its DER} */
  static Set<String> fingerprints(PublicKey key) {
    return Set.of(pemFingerprint(key), derFingerprint(key));
  }

  static String pemFingerprint(PublicKey key) {
    byte[] pem = Pem.text("PUBLIC KEY", key.getEncoded()).getBytes(StandardCharsets.US_ASCII);
    return HexFormat.of().formatHex(Contents.sha256().digest(pem));
  }

  /** {@return what messages call a key} */
  static String derFingerprint(PublicKey key) {
    return HexFormat.of().formatHex(Contents.sha256().digest(key.getEncoded()));
  }

  /**
   * {@return a key from X.509}
   *
   * @throws GeneralSecurityException if it is none
   * @throws IllegalArgumentException if it is of a kind that does not sign models
   */
  static PublicKey of(byte[] x509) throws GeneralSecurityException {
    GeneralSecurityException failure = new GeneralSecurityException("expected a public key");
    for (String algorithm : new String[] {"EC", "Ed25519", "RSA"}) {
      try {
        PublicKey key =
            KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(x509));
        KeyKind.of(key);
        // The JDK reads some keys that nobody would write so; what it writes has one form.
        if (Arrays.equals(key.getEncoded(), x509)) {
          return key;
        }
      } catch (GeneralSecurityException e) {
        failure.addSuppressed(e);
      }
    }
    throw failure;
  }

  static PublicKey ed25519(byte[] raw) throws GeneralSecurityException {
    byte[] x509 = Arrays.copyOf(ED25519_PREFIX, ED25519_PREFIX.length + ED25519_BYTES);
    System.arraycopy(raw, 0, x509, ED25519_PREFIX.length, ED25519_BYTES);
    return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(x509));
  }

  static byte[] ed25519(PublicKey key) {
    byte[] x509 = key.getEncoded();
    return Arrays.copyOfRange(x509, x509.length - ED25519_BYTES, x509.length);
  }

  /**
   * {@return the public half of a private key} PKCS#8 need not hold it, and the JDK has no method
   * for it.
   */
  static PublicKey publicOf(PrivateKey key) throws GeneralSecurityException {
    KeyKind kind = KeyKind.of(key);
    if (kind == KeyKind.ED25519) {
      return publicOf((EdECPrivateKey) key);
    }
    ECParameterSpec curve = kind.parameters();
    byte[] probe = "which of two".getBytes(StandardCharsets.US_ASCII);
    byte[] signature = sign(key, probe);
    for (ECPoint point : points(key, curve)) {
      PublicKey candidate =
          KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, curve));
      if (verify(candidate, probe, signature)) {
        return candidate;
      }
    }
    throw new GeneralSecurityException("expected a key whose public half signs");
  }

  /** The generator of key pairs asks for the seed and nothing else, and is given this key's. */
  private static PublicKey publicOf(EdECPrivateKey key) throws GeneralSecurityException {
    byte[] seed =
        key.getBytes().orElseThrow(() -> new GeneralSecurityException("expected a key with bytes"));
    KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
    generator.initialize(
        NamedParameterSpec.ED25519,
        new SecureRandom() {
          private static final long serialVersionUID = 1;

          @Override
          public void nextBytes(byte[] bytes) {
            System.arraycopy(seed, 0, bytes, 0, bytes.length);
          }
        });
    PublicKey found = generator.generateKeyPair().getPublic();
    byte[] probe = "the same key".getBytes(StandardCharsets.US_ASCII);
    if (!verify(found, probe, sign(key, probe))) {
      throw new GeneralSecurityException("this JDK derives public keys in another way");
    }
    return found;
  }

  /**
   * The public point is the private number times the generator. Its x is what a key agreement with
   * the generator yields; its y one of two roots, as p = 3 mod 4 on all our curves.
   */
  private static ECPoint[] points(PrivateKey key, ECParameterSpec curve)
      throws GeneralSecurityException {
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(key);
    agreement.doPhase(
        KeyFactory.getInstance("EC")
            .generatePublic(new ECPublicKeySpec(curve.getGenerator(), curve)),
        true);
    BigInteger x = new BigInteger(1, agreement.generateSecret());
    BigInteger p = ((ECFieldFp) curve.getCurve().getField()).getP();
    BigInteger square =
        x.pow(3).add(curve.getCurve().getA().multiply(x)).add(curve.getCurve().getB()).mod(p);
    BigInteger y = square.modPow(p.add(BigInteger.ONE).shiftRight(2), p);
    return new ECPoint[] {new ECPoint(x, y), new ECPoint(x, p.subtract(y))};
  }
}
