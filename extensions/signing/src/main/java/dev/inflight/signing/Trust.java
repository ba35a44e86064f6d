package dev.inflight.signing;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What makes a version acceptable: {@link #required} a trusted signature, {@link #digest} a
 * signature or a known root digest, {@link #firstUse} the same signer as at first, or {@link #off}
 * nothing. Immutable.
 *
 * <p>A signature says who made a version, not when: whoever can write to the source can put an old
 * one, signed and vulnerable, in the place of the newest. Against that, {@linkplain #withState what
 * was accepted} is remembered in a file: the content of a version never changes; content that was
 * accepted does not come back under a higher number; and no version below the highest is accepted,
 * unless the same {@link SignedRepository} has accepted the highest since it was created, as then
 * it is this process that goes back, for a gate or a {@code rollback}, and not the source. {@link
 * #allowingRollback} switches the last two off.
 */
public final class Trust {
  /** The four policies. */
  enum Policy {
    REQUIRED,
    DIGEST,
    FIRST_USE,
    OFF
  }

  /** Says which content a version is known to have; called on the thread that fetches. */
  @FunctionalInterface
  public interface RootDigests {
    /**
     * {@return the root digests, in hex, one of which the version must have; empty if none is
     * known} May block.
     *
     * @throws IOException if they cannot be had now; the fetch fails as with an unreachable source
     */
    Set<String> of(String model, String version) throws IOException;
  }

  private final Policy policy;
  private final TrustedSigners signers;
  private final RootDigests digests;
  private final Optional<Path> state;
  private final boolean rollback;
  private final InstantSource clock;

  private Trust(
      Policy policy,
      TrustedSigners signers,
      RootDigests digests,
      Optional<Path> state,
      boolean rollback,
      InstantSource clock) {
    this.policy = policy;
    this.signers = signers;
    this.digests = digests;
    this.state = state;
    this.rollback = rollback;
    this.clock = clock;
  }

  private static Trust of(
      Policy policy, TrustedSigners signers, RootDigests digests, Optional<Path> state) {
    return new Trust(policy, signers, digests, state, false, InstantSource.system());
  }

  private static Set<String> none(String model, String version) {
    return Set.of();
  }

  /**
   * {@return a valid signature of one of these, for every version} Needs {@link #withState} or
   * {@link #allowingRollback}.
   */
  public static Trust required(TrustedSigners signers) {
    return of(Policy.REQUIRED, signers, Trust::none, Optional.empty());
  }

  /**
   * {@return a version whose root digest is one of these, whatever it is called} The root digest of
   * OMS is SHA-256 over the SHA-256 of each file, ordered by name; it does not cover the names.
   * {@code .git}, {@code .gitignore}, {@code .gitattributes}, {@code .github} at the top and
   * signature files are left out, and are not served. With {@link #withSigners} their signature
   * will do as well. Needs {@link #withState} or {@link #allowingRollback}.
   *
   * @param rootDigests in hex, as {@code digest} on the command line prints them
   */
  public static Trust digest(Collection<String> rootDigests) {
    Set<String> trusted = Set.copyOf(rootDigests);
    return digest((model, version) -> trusted);
  }

  /** {@return as {@link #digest(Collection)}, by version, such as from the tags of a registry} */
  public static Trust digest(RootDigests digests) {
    return of(Policy.DIGEST, TrustedSigners.none(), digests, Optional.empty());
  }

  /**
   * {@return whatever came first, from then on} If a model was signed once, its versions must be
   * signed by the same key; until then only the content of each version is remembered. A bundle
   * that names its key without holding it can be checked only with {@link #withSigners}; with these
   * no other key is taken at first use. A new key of the same owner is refused: remove {@code
   * state}.
   *
   * @param state as in {@link #withState}
   */
  public static Trust firstUse(Path state) {
    return of(Policy.FIRST_USE, TrustedSigners.none(), Trust::none, Optional.of(state));
  }

  /** {@return anything: files are served as the repository brings them} */
  public static Trust off() {
    return of(Policy.OFF, TrustedSigners.none(), Trust::none, Optional.empty());
  }

  /**
   * {@return this, with these signers and no others}
   *
   * @throws IllegalStateException if nothing is checked
   */
  public Trust withSigners(TrustedSigners trusted) {
    requireChecks();
    return new Trust(policy, trusted, digests, state, rollback, clock);
  }

  /**
   * {@return this, which remembers what it accepted}
   *
   * @param file one for all models and processes that share it; created when first needed, with its
   *     directory, for this user only, beside it {@code <file>.lock}. Grows by a line a version
   * @throws IllegalStateException if nothing is checked
   */
  public Trust withState(Path file) {
    requireChecks();
    return new Trust(policy, signers, digests, Optional.of(file), rollback, clock);
  }

  /**
   * {@return this, for which an older version is as good as the newest} For those who move an alias
   * back, or publish old content again, and trust whoever can write to the source not to.
   */
  public Trust allowingRollback() {
    requireChecks();
    return new Trust(policy, signers, digests, state, true, clock);
  }

  private void requireChecks() {
    if (policy == Policy.OFF) {
      throw new IllegalStateException("trust: expected required, digest or firstUse, got off");
    }
  }

  /** With another clock, for certificates. */
  Trust withClock(InstantSource other) {
    return new Trust(policy, signers, digests, state, rollback, other);
  }

  Policy policy() {
    return policy;
  }

  TrustedSigners signers() {
    return signers;
  }

  /** In lower case. */
  Set<String> rootDigests(String model, String version) throws IOException {
    return digests.of(model, version).stream()
        .map(digest -> digest.strip().toLowerCase(Locale.ROOT))
        .collect(Collectors.toSet());
  }

  Optional<Path> state() {
    return state;
  }

  boolean isRollbackAllowed() {
    return rollback;
  }

  InstantSource clock() {
    return clock;
  }

  /** {@return the policy and the signers} */
  @Override
  public String toString() {
    return policy.name().toLowerCase(Locale.ROOT).replace('_', ' ')
        + (signers.isEmpty() ? "" : " " + signers)
        + (rollback ? ", rollback allowed" : "");
  }
}
