package dev.inflight.signing;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The small format, for devices: {@value #FILE} in the version's directory, in the format of {@code
 * sha256sum} (as {@link dev.inflight.repository.Manifest}, but inside, so that any repository
 * brings it along), and beside it {@value #SIGNATURE}: 32 bytes of the Ed25519 public key, 64 of
 * its signature. Nothing is left out and there is one way to write it: each file once, ordered by
 * name.
 */
final class SignedManifest implements VersionSignature {
  static final String FILE = "inflight.sha256";
  static final String SIGNATURE = FILE + ".sig";

  /** As much as a manifest beside a version may have. */
  static final int MAX_BYTES = 4 << 20;

  /** A signature of anything else can never be one of a manifest. */
  private static final byte[] DOMAIN = "inflight-manifest 1\n".getBytes(StandardCharsets.US_ASCII);

  private static final int SIGNATURE_BYTES = 64;
  private static final Pattern LINE = Pattern.compile("([0-9a-f]{64})  (.+)");

  /** The bytes that are signed. */
  private final byte[] manifest;

  private final PublicKey key;
  private final byte[] signature;

  private SignedManifest(byte[] manifest, PublicKey key, byte[] signature) {
    this.manifest = manifest;
    this.key = key;
    this.signature = signature;
  }

  static SignedManifest read(byte[] manifest, byte[] signature) throws Refusal {
    if (signature.length != Keys.ED25519_BYTES + SIGNATURE_BYTES) {
      throw new Refusal(
          SIGNATURE
              + ": expected "
              + (Keys.ED25519_BYTES + SIGNATURE_BYTES)
              + " bytes, got "
              + signature.length);
    }
    try {
      return new SignedManifest(
          manifest,
          Keys.ed25519(Arrays.copyOf(signature, Keys.ED25519_BYTES)),
          Arrays.copyOfRange(signature, Keys.ED25519_BYTES, signature.length));
    } catch (GeneralSecurityException e) {
      throw new Refusal(SIGNATURE + ": expected an Ed25519 key", e);
    }
  }

  /** {@return a manifest of these files} */
  static byte[] manifest(SortedMap<String, String> files) {
    StringBuilder text = new StringBuilder();
    files.forEach((file, hash) -> text.append(hash).append("  ").append(file).append('\n'));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** {@return the bytes of the signature file} */
  static byte[] sign(byte[] manifest, PrivateKey key, PublicKey its) {
    byte[] signature = Keys.sign(key, toSign(manifest));
    byte[] file = Arrays.copyOf(Keys.ed25519(its), Keys.ED25519_BYTES + SIGNATURE_BYTES);
    System.arraycopy(signature, 0, file, Keys.ED25519_BYTES, SIGNATURE_BYTES);
    return file;
  }

  private static byte[] toSign(byte[] manifest) {
    byte[] all = Arrays.copyOf(DOMAIN, DOMAIN.length + manifest.length);
    System.arraycopy(manifest, 0, all, DOMAIN.length, manifest.length);
    return all;
  }

  @Override
  public PublicKey verify(TrustedSigners signers, Instant now) throws Refusal {
    if (!signers.keys().contains(key)) {
      throw new Refusal(
          SIGNATURE
              + ": expected a signature of "
              + signers
              + ", got one of the key "
              + Keys.derFingerprint(key));
    }
    verify(key, now);
    return key;
  }

  @Override
  public void verify(PublicKey expected, Instant now) throws Refusal {
    if (!expected.equals(key) || !Keys.verify(expected, toSign(manifest), signature)) {
      throw new Refusal(
          SIGNATURE
              + ": expected a signature of the key "
              + Keys.derFingerprint(expected)
              + ", got none");
    }
  }

  @Override
  public Optional<PublicKey> ownKey() {
    return Optional.of(key);
  }

  @Override
  public SortedMap<String, String> cover(Contents contents) throws Refusal {
    SortedMap<String, String> listed = listed();
    for (Map.Entry<String, String> file : listed.entrySet()) {
      String got = contents.files().get(file.getKey());
      if (!file.getValue().equals(got)) {
        throw new Refusal(
            "file "
                + Refusal.quoted(file.getKey())
                + ": expected sha256 "
                + file.getValue()
                + " as signed, got "
                + (got == null ? "none" : got));
      }
    }
    for (String file : contents.files().keySet()) {
      if (!listed.containsKey(file) && !file.equals(FILE) && !file.equals(SIGNATURE)) {
        throw new Refusal(
            "file "
                + Refusal.quoted(file)
                + ": expected signed files only, got one that is not signed");
      }
    }
    return listed;
  }

  private SortedMap<String, String> listed() throws Refusal {
    SortedMap<String, String> listed = new TreeMap<>(Contents.ORDER);
    for (String text : new String(manifest, StandardCharsets.UTF_8).lines().toList()) {
      Matcher line = LINE.matcher(text);
      if (!line.matches()) {
        throw new Refusal(
            FILE + ": expected '<64 hex digits>  <path>', got " + Refusal.quoted(text));
      }
      Contents.requirePlain(line.group(2), FILE);
      if (VersionSignature.FILES.contains(line.group(2))) {
        throw new Refusal(FILE + ": expected no signature file, got " + line.group(2));
      }
      listed.put(line.group(2), line.group(1));
    }
    if (!Arrays.equals(manifest(listed), manifest)) {
      throw new Refusal(FILE + ": expected each file once, ordered by name, one a line");
    }
    return listed;
  }
}
