package dev.inflight.signing;

import java.io.IOException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.security.auth.x500.X500Principal;

/**
 * Who may sign models: owners of keys, and owners of certificates that chain to one of some roots.
 * Immutable.
 */
public final class TrustedSigners {
  private final Set<PublicKey> keys;
  private final Set<X509Certificate> roots;
  private final Set<X500Principal> subjects;

  private TrustedSigners(
      Set<PublicKey> keys, Set<X509Certificate> roots, Set<X500Principal> subjects) {
    this.keys = Set.copyOf(keys);
    this.roots = Set.copyOf(roots);
    this.subjects = Set.copyOf(subjects);
  }

  static TrustedSigners none() {
    return new TrustedSigners(Set.of(), Set.of(), Set.of());
  }

  /**
   * {@return the owners of these keys} They are on the curves P-256, P-384 or P-521 (OMS bundles),
   * or of Ed25519 (signed manifests).
   *
   * @throws IllegalArgumentException if there is none, or one is of another kind
   */
  public static TrustedSigners ofKeys(Collection<? extends PublicKey> keys) {
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("keys: expected at least one, got none");
    }
    keys.forEach(KeyKind::of);
    return new TrustedSigners(new LinkedHashSet<>(keys), Set.of(), Set.of());
  }

  /**
   * {@return the owners of the keys in these files, each one {@code PUBLIC KEY} in PEM}
   *
   * @throws IOException if a file cannot be read, or holds anything else
   */
  public static TrustedSigners fromKeys(Path... files) throws IOException {
    Set<PublicKey> keys = new LinkedHashSet<>();
    for (Path file : files) {
      keys.add(Pem.publicKey(file));
    }
    return ofKeys(keys);
  }

  /**
   * {@return the owners of certificates that chain to one of these} The chain is checked by PKIX,
   * at the moment of the fetch and without revocation lists. The signer's own certificate must be
   * valid then, allow digital signatures, and, where it lists extended usages, code signing: the
   * certificate of a web server does not sign models. A root may be the signer's certificate
   * itself.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static TrustedSigners ofRoots(Collection<X509Certificate> roots) {
    if (roots.isEmpty()) {
      throw new IllegalArgumentException("roots: expected at least one, got none");
    }
    return new TrustedSigners(Set.of(), new LinkedHashSet<>(roots), Set.of());
  }

  /**
   * {@return as {@link #ofRoots}, from files of {@code CERTIFICATE}s in PEM}
   *
   * @throws IOException if a file cannot be read, or holds anything else
   */
  public static TrustedSigners fromRoots(Path... files) throws IOException {
    Set<X509Certificate> roots = new LinkedHashSet<>();
    for (Path file : files) {
      roots.addAll(Pem.certificates(file));
    }
    return ofRoots(roots);
  }

  /**
   * {@return these, of whose certificates only those with one of these subjects count} Keys are not
   * concerned.
   *
   * @param names distinguished names, such as {@code CN=Model Release, O=Example}; compared as RFC
   *     2253 has it, as a whole
   * @throws IllegalArgumentException if one is no such name, or there is no root
   */
  public TrustedSigners withSubjects(String... names) {
    if (roots.isEmpty() || names.length == 0) {
      throw new IllegalArgumentException(
          "subjects: expected roots and at least one subject, got "
              + roots.size()
              + " and "
              + names.length);
    }
    return new TrustedSigners(
        keys, roots, Arrays.stream(names).map(X500Principal::new).collect(Collectors.toSet()));
  }

  /**
   * {@return these and those}
   *
   * @throws IllegalArgumentException if both have roots and their subjects differ: whose would
   *     count for which root?
   */
  public TrustedSigners and(TrustedSigners others) {
    if (!roots.isEmpty() && !others.roots.isEmpty() && !subjects.equals(others.subjects)) {
      throw new IllegalArgumentException(
          "subjects: expected the same for all roots, got " + subjects + " and " + others.subjects);
    }
    return new TrustedSigners(
        union(keys, others.keys), union(roots, others.roots), union(subjects, others.subjects));
  }

  private static <T> Set<T> union(Set<T> a, Set<T> b) {
    Set<T> union = new LinkedHashSet<>(a);
    union.addAll(b);
    return union;
  }

  Set<PublicKey> keys() {
    return keys;
  }

  Set<X509Certificate> roots() {
    return roots;
  }

  /** Empty if every subject counts. */
  Set<X500Principal> subjects() {
    return subjects;
  }

  boolean isEmpty() {
    return keys.isEmpty() && roots.isEmpty();
  }

  /** {@return fingerprints of the keys, names of the roots} */
  @Override
  public String toString() {
    List<String> names =
        java.util.stream.Stream.concat(
                keys.stream().map(key -> KeyKind.of(key) + " " + Keys.derFingerprint(key)),
                roots.stream().map(root -> root.getSubjectX500Principal().getName()))
            .sorted()
            .toList();
    return names + (subjects.isEmpty() ? "" : " for " + subjects);
  }
}
