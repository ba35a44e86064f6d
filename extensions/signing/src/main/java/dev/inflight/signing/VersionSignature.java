package dev.inflight.signing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/** What the signature file of a version says; worth nothing before one of its checks passed. */
sealed interface VersionSignature permits OmsBundle, SignedManifest {
  /** Files that hold a signature: never signed themselves, never given to a loader. */
  Set<String> FILES = Set.of(OmsBundle.FILE, SignedManifest.FILE, SignedManifest.SIGNATURE);

  /** {@return the key of the trusted signer that made it} */
  PublicKey verify(TrustedSigners signers, Instant now) throws Refusal;

  /** Refuses it unless the owner of this key made it. */
  void verify(PublicKey key, Instant now) throws Refusal;

  /** {@return the key that it brings along, which anybody can; empty if it only names one} */
  Optional<PublicKey> ownKey();

  /**
   * {@return the files that are signed, once each was found as it was signed and no other is there}
   * What the signer left out on purpose is in the directory at most, never in the answer.
   */
  SortedMap<String, String> cover(Contents contents) throws IOException, Refusal;

  /** {@return the signature among the files of a version, if there is one} */
  static Optional<VersionSignature> find(Contents contents) throws IOException, Refusal {
    List<String> found =
        contents.files().keySet().stream()
            .filter(file -> file.equals(OmsBundle.FILE) || file.equals(SignedManifest.SIGNATURE))
            .toList();
    if (found.size() > 1) {
      throw new Refusal("expected one signature, got " + found);
    }
    if (found.isEmpty()) {
      return Optional.empty();
    }
    if (found.get(0).equals(OmsBundle.FILE)) {
      return Optional.of(
          OmsBundle.read(bytes(contents.directory(), OmsBundle.FILE, OmsBundle.MAX_BYTES)));
    }
    if (!contents.files().containsKey(SignedManifest.FILE)) {
      throw new Refusal("expected " + SignedManifest.FILE + " beside its signature, got none");
    }
    return Optional.of(
        SignedManifest.read(
            bytes(contents.directory(), SignedManifest.FILE, SignedManifest.MAX_BYTES),
            bytes(contents.directory(), SignedManifest.SIGNATURE, SignedManifest.MAX_BYTES)));
  }

  private static byte[] bytes(Path directory, String file, int max) throws IOException, Refusal {
    long size = Files.size(directory.resolve(file));
    if (size > max) {
      throw new Refusal(file + ": expected at most " + max + " bytes, got " + size);
    }
    return Files.readAllBytes(directory.resolve(file));
  }
}
