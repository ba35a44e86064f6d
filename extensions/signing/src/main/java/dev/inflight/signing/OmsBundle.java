package dev.inflight.signing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * A signature of OpenSSF Model Signing 1.0: a Sigstore bundle whose DSSE envelope holds an in-toto
 * statement. Made with a key or a certificate; keyless ones need a service to be checked, and are
 * refused. Whatever is in a bundle and is not checked is refused too: nobody should believe that it
 * was.
 */
final class OmsBundle implements VersionSignature {
  /** As the reference tool calls it. */
  static final String FILE = "model.sig";

  static final int MAX_BYTES = 16 << 20;
  static final String MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
  static final String PAYLOAD_TYPE = "application/vnd.in-toto+json";

  /** By whom it says it was made. */
  private final Material material;

  private final byte[] payload;
  private final byte[] signature;

  private OmsBundle(Material material, byte[] payload, byte[] signature) {
    this.material = material;
    this.payload = payload;
    this.signature = signature;
  }

  /** How a bundle names its signer. */
  private sealed interface Material {}

  /** A key, by fingerprint; before 1.1 by its bytes, now and then by both. */
  private record Key(Optional<String> hint, Optional<PublicKey> bytes) implements Material {
    boolean names(PublicKey key) {
      return hint.map(it -> Keys.fingerprints(key).contains(it)).orElse(true)
          && bytes.map(key::equals).orElse(true);
    }
  }

  /** A certificate with its issuers. */
  private record Chain(CertificateChain certificates) implements Material {}

  static OmsBundle read(byte[] bytes) throws Refusal {
    Json bundle = Json.read(bytes, FILE).only("mediaType", "verificationMaterial", "dsseEnvelope");
    bundle.field("mediaType").is(MEDIA_TYPE);
    Material material = material(bundle.field("verificationMaterial"));
    Json envelope = bundle.field("dsseEnvelope").only("payload", "payloadType", "signatures");
    envelope.field("payloadType").is(PAYLOAD_TYPE);
    Json signature = envelope.field("signatures").single().only("sig", "keyid");
    Optional<Json> keyid = signature.optional("keyid");
    if (keyid.isPresent()) {
      keyid.get().is(""); // nobody looks at it, so nobody writes it
    }
    return new OmsBundle(
        material, envelope.field("payload").base64(), signature.field("sig").base64());
  }

  private static Material material(Json material) throws Refusal {
    if (material.optional("certificate").isPresent()) {
      throw new Refusal(
          material.place()
              + ": expected a signature by key or by certificate chain, got a keyless one of"
              + " Sigstore, which cannot be checked without its transparency log; sign with a key");
    }
    material.only("publicKey", "x509CertificateChain", "tlogEntries", "timestampVerificationData");
    Optional<Json> log = material.optional("tlogEntries");
    if (log.isPresent() && !log.get().elements().isEmpty()) {
      throw new Refusal(log.get().place() + ": expected none, got entries that nobody checks");
    }
    Optional<Json> time = material.optional("timestampVerificationData");
    if (time.isPresent()) {
      throw new Refusal(time.get().place() + ": expected none, got times that nobody checks");
    }
    Optional<Json> key = material.optional("publicKey");
    Optional<Json> chain = material.optional("x509CertificateChain");
    if (key.isPresent() == chain.isPresent()) {
      throw new Refusal(
          material.place()
              + ": expected one of publicKey and x509CertificateChain, got "
              + (key.isPresent() ? "both" : "none"));
    }
    return key.isPresent() ? key(key.get()) : new Chain(chain(chain.get()));
  }

  private static Key key(Json key) throws Refusal {
    key.only("hint", "rawBytes", "keyDetails");
    Optional<Json> hint = key.optional("hint");
    Optional<Json> bytes = key.optional("rawBytes");
    if (hint.isEmpty() && bytes.isEmpty()) {
      throw new Refusal(key.place() + ": expected hint or rawBytes, got none");
    }
    Optional<PublicKey> own = Optional.empty();
    if (bytes.isPresent()) {
      own = Optional.of(key(bytes.get().base64(), bytes.get().place()));
    }
    if (key.optional("keyDetails").isPresent()) {
      String details = key.field("keyDetails").text();
      if (own.isEmpty() || !details(own.get()).equals(details)) {
        throw new Refusal(
            key.place()
                + ".keyDetails: expected those of rawBytes, got "
                + Refusal.quoted(details));
      }
    }
    return new Key(hint.isPresent() ? Optional.of(hint.get().text()) : Optional.empty(), own);
  }

  /** In PEM, as Python's tool wrote it, or in DER, as Sigstore has it. */
  private static PublicKey key(byte[] bytes, String place) throws Refusal {
    try {
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      boolean pem = text.startsWith("-----BEGIN");
      if (!pem) {
        return Keys.of(bytes);
      }
      PublicKey key = Pem.publicKey(bytes, place);
      if (Pem.text("PUBLIC KEY", key.getEncoded()).equals(text)) {
        return key;
      }
    } catch (GeneralSecurityException | IllegalArgumentException | IOException e) {
      throw new Refusal(place + ": expected a public key of EC", e);
    }
    throw new Refusal(place + ": expected a public key in its canonical form");
  }

  private static String details(PublicKey key) {
    return switch (KeyKind.of(key)) {
      case P256 -> "PKIX_ECDSA_P256_SHA_256";
      case P384 -> "PKIX_ECDSA_P384_SHA_384";
      case P521 -> "PKIX_ECDSA_P521_SHA_512";
      case ED25519 -> "PKIX_ED25519";
    };
  }

  private static CertificateChain chain(Json chain) throws Refusal {
    List<Json> list = chain.only("certificates").field("certificates").elements();
    if (list.isEmpty() || list.size() > CertificateChain.MAX_CERTIFICATES) {
      throw new Refusal(
          chain.place()
              + ": expected 1 to "
              + CertificateChain.MAX_CERTIFICATES
              + " certificates, got "
              + list.size());
    }
    List<X509Certificate> certificates = new ArrayList<>();
    for (Json each : list) {
      try {
        certificates.add(Pem.certificate(each.only("rawBytes").field("rawBytes").base64()));
      } catch (GeneralSecurityException e) {
        throw new Refusal(each.place() + ": expected a certificate in DER", e);
      }
    }
    return new CertificateChain(certificates.get(0), certificates.subList(1, certificates.size()));
  }

  @Override
  public PublicKey verify(TrustedSigners signers, Instant now) throws Refusal {
    if (material instanceof Chain chain) {
      chain.certificates().requireTrusted(signers, now);
      requireSignedBy(chain.certificates().key());
      return chain.certificates().key();
    }
    Key named = (Key) material;
    for (PublicKey key : signers.keys()) {
      if (named.names(key)) {
        requireSignedBy(key);
        return key;
      }
    }
    throw new Refusal(
        FILE
            + ": expected a signature of "
            + signers
            + ", got one of the key "
            + named
                .hint()
                .map(Refusal::quoted)
                .orElseGet(() -> named.bytes().map(Keys::derFingerprint).orElse("?")));
  }

  @Override
  public void verify(PublicKey key, Instant now) throws Refusal {
    boolean names;
    if (material instanceof Chain chain) {
      chain.certificates().requireUsable(now);
      names = chain.certificates().key().equals(key);
    } else {
      names = ((Key) material).names(key);
    }
    if (!names) {
      throw new Refusal(
          FILE
              + ": expected a signature of the key "
              + Keys.derFingerprint(key)
              + ", got another's");
    }
    requireSignedBy(key);
  }

  @Override
  public Optional<PublicKey> ownKey() {
    return material instanceof Chain chain
        ? Optional.of(chain.certificates().key())
        : ((Key) material).bytes();
  }

  private void requireSignedBy(PublicKey key) throws Refusal {
    KeyKind kind;
    try {
      kind = KeyKind.of(key);
    } catch (IllegalArgumentException e) {
      throw new Refusal(FILE + ": " + e.getMessage(), e);
    }
    if (kind == KeyKind.ED25519) {
      throw new Refusal(FILE + ": expected a key on P-256, P-384 or P-521, got Ed25519");
    }
    if (!Keys.verify(key, toSign(payload), signature)) {
      throw new Refusal(
          FILE + ": expected a signature of the key " + Keys.derFingerprint(key) + ", got none");
    }
  }

  /** The pre-authentication encoding of DSSE 1. */
  static byte[] toSign(byte[] payload) {
    byte[] head =
        ("DSSEv1 " + PAYLOAD_TYPE.length() + " " + PAYLOAD_TYPE + " " + payload.length + " ")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] all = java.util.Arrays.copyOf(head, head.length + payload.length);
    System.arraycopy(payload, 0, all, head.length, payload.length);
    return all;
  }

  @Override
  public SortedMap<String, String> cover(Contents contents) throws IOException, Refusal {
    return OmsStatement.read(payload).cover(contents);
  }
}
