package dev.inflight.signing;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The certificates of a bundle: the signer's, and what leads from it to a root.
 *
 * @param issuers in any order; the root may be among them, and is not believed for that
 */
record CertificateChain(X509Certificate signer, List<X509Certificate> issuers) {
  /** More is no chain that anybody uses, and work for whoever checks it. */
  static final int MAX_CERTIFICATES = 10;

  private static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
  private static final String ANY_USAGE = "2.5.29.37.0";

  CertificateChain {
    issuers = List.copyOf(issuers);
  }

  PublicKey key() {
    return signer.getPublicKey();
  }

  /** Refuses it unless it leads to a root, now, and its owner is one of the subjects. */
  void requireTrusted(TrustedSigners signers, Instant now) throws Refusal {
    if (signers.roots().isEmpty()) {
      throw new Refusal(
          "expected a signature of " + signers + ", got one of the certificate " + name());
    }
    if (!signers.subjects().isEmpty()
        && !signers.subjects().contains(signer.getSubjectX500Principal())) {
      throw new Refusal(
          "certificate: expected one of the subjects " + signers.subjects() + ", got " + name());
    }
    requireUsable(now);
    if (signers.roots().contains(signer)) {
      return;
    }
    try {
      X509CertSelector leaf = new X509CertSelector();
      leaf.setCertificate(signer);
      Set<TrustAnchor> anchors =
          signers.roots().stream()
              .map(root -> new TrustAnchor(root, null))
              .collect(Collectors.toSet());
      PKIXBuilderParameters path = new PKIXBuilderParameters(anchors, leaf);
      path.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(issuers)));
      path.setDate(Date.from(now));
      path.setRevocationEnabled(false);
      path.setMaxPathLength(MAX_CERTIFICATES);
      CertPathBuilder.getInstance("PKIX").build(path);
    } catch (GeneralSecurityException e) {
      throw new Refusal(
          "certificate "
              + name()
              + ": expected a chain to "
              + signers.roots().stream()
                  .map(root -> root.getSubjectX500Principal().getName())
                  .sorted()
                  .toList()
              + ", valid at "
              + now
              + ", got none: "
              + Refusal.quoted(String.valueOf(e.getMessage())),
          e);
    }
  }

  /** Refuses a signer's certificate that is not valid now, or not for signing. */
  void requireUsable(Instant now) throws Refusal {
    try {
      signer.checkValidity(Date.from(now));
      boolean[] usage = signer.getKeyUsage();
      List<String> extended = signer.getExtendedKeyUsage();
      boolean allowed =
          (usage != null || extended != null)
              && (usage == null || usage[0])
              && (extended == null
                  || extended.contains(CODE_SIGNING)
                  || extended.contains(ANY_USAGE));
      if (!allowed) {
        throw new Refusal(
            "certificate "
                + name()
                + ": expected key usage digitalSignature and, if there are extended usages,"
                + " codeSigning, got "
                + (usage != null && usage[0] ? "digitalSignature" : "no digitalSignature")
                + " and "
                + (extended == null ? "none" : extended));
      }
    } catch (CertificateParsingException e) {
      throw new Refusal("certificate " + name() + ": expected extended usages", e);
    } catch (CertificateException e) {
      throw new Refusal(
          "certificate "
              + name()
              + ": expected to be valid at "
              + now
              + ", got "
              + signer.getNotBefore().toInstant()
              + " to "
              + signer.getNotAfter().toInstant(),
          e);
    }
  }

  private String name() {
    return Refusal.quoted(signer.getSubjectX500Principal().getName());
  }
}
