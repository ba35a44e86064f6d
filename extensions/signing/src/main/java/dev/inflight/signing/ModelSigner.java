package dev.inflight.signing;

import dev.inflight.files.OwnerOnly;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * Signs the directories of versions. A key on P-256, P-384 or P-521 writes {@code model.sig}, a
 * bundle of OpenSSF Model Signing 1.0; one of Ed25519 writes {@code inflight.sha256} and {@code
 * inflight.sha256.sig}. Immutable; holds a private key as long as it is reachable.
 */
public final class ModelSigner {
  private final PrivateKey key;
  private final PublicKey publicKey;
  private final List<X509Certificate> certificates;
  private final boolean replacing;

  private ModelSigner(
      PrivateKey key, PublicKey publicKey, List<X509Certificate> certificates, boolean replacing) {
    this.key = key;
    this.publicKey = publicKey;
    this.certificates = List.copyOf(certificates);
    this.replacing = replacing;
  }

  /**
   * {@return a signer with this key}
   *
   * @throws IllegalArgumentException if it is of another kind, or not held by this JVM
   */
  public static ModelSigner of(PrivateKey key) {
    try {
      return new ModelSigner(key, Keys.publicOf(key), List.of(), false);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("key: expected one whose bytes are here", e);
    }
  }

  /**
   * {@return a signer with the key of a file}
   *
   * @param file a {@code PRIVATE KEY} (PKCS#8, not encrypted) in PEM, as {@code openssl genpkey}
   *     writes it
   * @throws IOException if it cannot be read, or holds anything else; the message says how to
   *     convert it
   */
  public static ModelSigner fromKey(Path file) throws IOException {
    return of(Pem.privateKey(file));
  }

  /**
   * {@return this, which signs with a certificate}
   *
   * @param file {@code CERTIFICATE}s in PEM: that of the key first, then its issuers; the root need
   *     not be among them
   * @throws IOException if it cannot be read, or the first certificate is not of this key
   * @throws IllegalStateException if the key is of Ed25519
   */
  public ModelSigner withCertificates(Path file) throws IOException {
    if (kind() == KeyKind.ED25519) {
      throw new IllegalStateException("key: expected EC for a certificate, got Ed25519");
    }
    List<X509Certificate> chain = Pem.certificates(file);
    if (chain.size() > CertificateChain.MAX_CERTIFICATES
        || !chain.get(0).getPublicKey().equals(publicKey)) {
      throw new IOException(
          file
              + ": expected the certificate of the key first, and at most "
              + CertificateChain.MAX_CERTIFICATES
              + ", got that of "
              + chain.get(0).getSubjectX500Principal().getName()
              + " first of "
              + chain.size());
    }
    return new ModelSigner(key, publicKey, chain, replacing);
  }

  /** {@return this, which replaces a signature that is there} */
  public ModelSigner replacing() {
    return new ModelSigner(key, publicKey, certificates, true);
  }

  /** {@return the public half, for {@link TrustedSigners#ofKeys}} */
  public PublicKey publicKey() {
    return publicKey;
  }

  KeyKind kind() {
    return KeyKind.of(publicKey);
  }

  /**
   * Signs all files of a version; write its digest manifest, if it has one, afterwards. {@code
   * .git}, {@code .gitignore}, {@code .gitattributes} and {@code .github} at the top are refused by
   * Ed25519, and are not signed by the others, and so not served.
   *
   * @return the signature file
   * @throws FileAlreadyExistsException if there is a signature; say {@link #replacing}
   * @throws IOException if the directory cannot be read or written, is empty, or holds a link
   */
  public Path sign(Path directory) throws IOException {
    Contents contents = contents(directory);
    for (String file : VersionSignature.FILES) {
      Path path = directory.resolve(file);
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        boolean ours = file.equals(OmsBundle.FILE) != (kind() == KeyKind.ED25519);
        if (!replacing || !ours) {
          throw new FileAlreadyExistsException(
              path.toString(), null, "expected no signature" + (ours ? "" : " of another format"));
        }
      }
    }
    SortedMap<String, String> files = contents.signable();
    if (files.isEmpty()) {
      throw new IOException(directory + ": expected files to sign, got none");
    }
    return kind() == KeyKind.ED25519
        ? signManifest(directory, contents, files)
        : signBundle(directory, files);
  }

  private static Contents contents(Path directory) throws IOException {
    try {
      return Contents.of(directory);
    } catch (Refusal e) {
      throw new IOException(directory + ": " + e.getMessage(), e);
    }
  }

  private Path signManifest(Path directory, Contents contents, SortedMap<String, String> files)
      throws IOException {
    for (String file : contents.files().keySet()) {
      if (Contents.isBelow(file, Contents.IGNORED)) {
        throw new IOException(
            directory + ": expected no files of git, got " + Refusal.quoted(file));
      }
    }
    byte[] manifest = SignedManifest.manifest(files);
    if (manifest.length > SignedManifest.MAX_BYTES) {
      throw new IOException(
          directory
              + ": expected a manifest of at most "
              + SignedManifest.MAX_BYTES
              + " bytes, got "
              + manifest.length);
    }
    write(directory.resolve(SignedManifest.FILE), manifest);
    return write(
        directory.resolve(SignedManifest.SIGNATURE), SignedManifest.sign(manifest, key, publicKey));
  }

  private Path signBundle(Path directory, SortedMap<String, String> files) throws IOException {
    Path name = directory.toAbsolutePath().normalize().getFileName();
    byte[] payload = OmsStatement.of(name == null ? "model" : name.toString(), files);
    Map<String, Object> envelope = new LinkedHashMap<>();
    envelope.put("payload", payload);
    envelope.put("payloadType", OmsBundle.PAYLOAD_TYPE);
    envelope.put(
        "signatures",
        List.of(Map.of("sig", Keys.sign(key, OmsBundle.toSign(payload)), "keyid", "")));
    Map<String, Object> bundle = new LinkedHashMap<>();
    bundle.put("mediaType", OmsBundle.MEDIA_TYPE);
    bundle.put("verificationMaterial", material());
    bundle.put("dsseEnvelope", envelope);
    return write(directory.resolve(OmsBundle.FILE), Json.write(bundle));
  }

  private Map<String, Object> material() throws IOException {
    Map<String, Object> material = new LinkedHashMap<>();
    if (certificates.isEmpty()) {
      material.put(
          "publicKey",
          Map.of("hint", Keys.pemFingerprint(publicKey), "rawBytes", publicKey.getEncoded()));
    } else {
      List<Map<String, Object>> chain = new ArrayList<>();
      for (X509Certificate certificate : certificates) {
        try {
          chain.add(Map.of("rawBytes", certificate.getEncoded()));
        } catch (CertificateEncodingException e) {
          throw new IOException("certificate: cannot be encoded", e);
        }
      }
      material.put("x509CertificateChain", Map.of("certificates", chain));
    }
    material.put("tlogEntries", List.of());
    return material;
  }

  private Path write(Path file, byte[] bytes) throws IOException {
    requireNewUnless(replacing, file);
    OwnerOnly.replace(file, bytes, new FileAttribute<?>[0]);
    return file;
  }

  static void requireNewUnless(boolean replacing, Path file) throws FileAlreadyExistsException {
    if (!replacing && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(file.toString());
    }
  }

  /** {@return the fingerprint of the public key} */
  @Override
  public String toString() {
    return kind() + " " + Keys.derFingerprint(publicKey);
  }
}
