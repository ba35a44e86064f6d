package dev.inflight.signing;

import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * Decides by a {@link Trust} what of a directory may be loaded. What it accepted is remembered: in
 * the ledger for good, and here, by model, the highest version since this object is there. A
 * version below the highest of the ledger is accepted only if that highest one was seen here, whole
 * and signed: then the source did not withhold it, and whoever wants the older one is on our side.
 */
final class Inspector {
  private final Trust trust;
  private final Optional<Ledger> ledger;
  private final Map<String, String> highestHere = new HashMap<>();

  Inspector(Trust trust) {
    this.trust = trust;
    this.ledger = trust.state().map(Ledger::new);
  }

  /** Files that may be loaded, and who signed them, if anybody. */
  private record Accepted(SortedMap<String, String> files, Optional<PublicKey> signer) {}

  /**
   * {@return the files that may be loaded} Others may be in the directory; none of them is signed.
   *
   * @throws IOException if the directory or the ledger cannot be read
   */
  SortedMap<String, String> inspect(String model, String version, Path directory)
      throws IOException, Refusal {
    Contents contents = Contents.of(directory);
    Accepted accepted =
        switch (trust.policy()) {
          case REQUIRED -> signed(contents, trust.signers());
          case DIGEST -> known(contents, model, version);
          case FIRST_USE -> first(contents, model);
          case OFF -> new Accepted(contents.files(), Optional.empty());
        };
    if (accepted.files().isEmpty()) {
      throw new Refusal("expected at least one file, got none");
    }
    if (ledger.isPresent()) {
      ledger.get().update(model, known -> remember(model, version, known, accepted));
    }
    return accepted.files();
  }

  private Accepted signed(Contents contents, TrustedSigners signers) throws IOException, Refusal {
    VersionSignature signature = require(VersionSignature.find(contents));
    PublicKey signer = signature.verify(signers, trust.clock().instant());
    return new Accepted(signature.cover(contents), Optional.of(signer));
  }

  private static VersionSignature require(Optional<VersionSignature> signature) throws Refusal {
    if (signature.isEmpty()) {
      throw new Refusal(
          "expected a signature, "
              + OmsBundle.FILE
              + " or "
              + SignedManifest.SIGNATURE
              + ", got none");
    }
    return signature.get();
  }

  private Accepted known(Contents contents, String model, String version)
      throws IOException, Refusal {
    Refusal unsigned = new Refusal("no signers are trusted");
    if (!trust.signers().isEmpty()) {
      try {
        return signed(contents, trust.signers());
      } catch (Refusal e) {
        unsigned = e;
      }
    }
    Set<String> expected = trust.rootDigests(model, version);
    SortedMap<String, String> files = contents.signable();
    String got = Contents.root(files.values());
    if (expected.contains(got)) {
      return new Accepted(files, Optional.empty());
    }
    Refusal refusal =
        new Refusal(
            "expected "
                + (expected.size() == 1
                    ? "root digest " + Refusal.quoted(expected.iterator().next())
                    : "one of " + expected.size() + " root digests")
                + ", got "
                + got
                + "; "
                + unsigned.getMessage());
    refusal.addSuppressed(unsigned);
    throw refusal;
  }

  /** Whether the signer is the one of before is for {@link #remember}, under the ledger's lock. */
  private Accepted first(Contents contents, String model) throws IOException, Refusal {
    Optional<VersionSignature> found = VersionSignature.find(contents);
    if (found.isEmpty()) {
      return new Accepted(contents.signable(), Optional.empty());
    }
    VersionSignature signature = found.get();
    Optional<PublicKey> before = signerOf(model);
    PublicKey key;
    if (before.isPresent()) {
      key = before.get();
      signature.verify(key, trust.clock().instant());
    } else if (!trust.signers().isEmpty()) {
      key = signature.verify(trust.signers(), trust.clock().instant());
    } else {
      key =
          signature
              .ownKey()
              .orElseThrow(
                  () ->
                      new Refusal(
                          OmsBundle.FILE
                              + ": expected a bundle that holds its key, got one that only names"
                              + " it; give the public key with withSigners"));
      signature.verify(key, trust.clock().instant());
    }
    return new Accepted(signature.cover(contents), Optional.of(key));
  }

  private Optional<PublicKey> signerOf(String model) throws IOException, Refusal {
    Map<String, PublicKey> found = new HashMap<>();
    ledger
        .orElseThrow(() -> new IllegalStateException("first use has a state file"))
        .update(model, known -> known.signer().ifPresent(key -> found.put(model, key)));
    return Optional.ofNullable(found.get(model));
  }

  private void remember(String model, String version, Ledger.Known known, Accepted accepted)
      throws Refusal {
    if (trust.policy() == Trust.Policy.FIRST_USE) {
      requireSameSigner(known, accepted);
    }
    String content = Contents.digest(accepted.files());
    String before = known.versions().get(version);
    if (before != null && !before.equals(content)) {
      throw new Refusal(
          "its content changed: expected digest "
              + before
              + " as first accepted, got "
              + content
              + "; publish a new version instead");
    }
    synchronized (highestHere) {
      if (!trust.isRollbackAllowed()) {
        requireNoStepBack(version, content, known, highestHere.get(model));
      }
      highestHere.merge(model, version, (a, b) -> Versions.compare(a, b) < 0 ? b : a);
    }
    known.versions().put(version, content);
    if (trust.policy() == Trust.Policy.FIRST_USE) {
      accepted.signer().ifPresent(known::sign);
    }
  }

  private static void requireSameSigner(Ledger.Known known, Accepted accepted) throws Refusal {
    if (known.signer().isPresent() && !known.signer().equals(accepted.signer())) {
      throw new Refusal(
          "expected a signature of the key "
              + Keys.derFingerprint(known.signer().get())
              + " as at first use, got "
              + accepted.signer().map(Keys::derFingerprint).orElse("none"));
    }
  }

  private static void requireNoStepBack(
      String version,
      String content,
      Ledger.Known known,
      @org.jspecify.annotations.Nullable String highestHere)
      throws Refusal {
    String highest = known.versions().keySet().stream().max(Versions::compare).orElse(version);
    if (Versions.compare(version, highest) < 0
        && (highestHere == null || Versions.compare(highestHere, highest) < 0)) {
      throw new Refusal(
          "expected v"
              + highest
              + " or newer, as it was accepted before, got an older one; to accept it, allow rollback"
              + " (Trust.allowingRollback)");
    }
    for (Map.Entry<String, String> older : known.versions().entrySet()) {
      if (older.getValue().equals(content)
          && Versions.compare(older.getKey(), version) < 0
          && Versions.compare(older.getKey(), highest) < 0) {
        throw new Refusal(
            "expected content newer than v"
                + highest
                + ", got that of v"
                + older.getKey()
                + " again; to accept it, allow rollback (Trust.allowingRollback)");
      }
    }
  }
}
