package dev.inflight.fetch;

import java.util.Optional;

/**
 * What a source says of a file.
 *
 * @param bytes how many; -1 if it does not say
 * @param sha256 lower-case hex
 * @param md5 lower-case hex; finds accidents, not attacks
 */
public record Expected(long bytes, Optional<String> sha256, Optional<String> md5) {
  /** {@return nothing} */
  public static Expected nothing() {
    return new Expected(-1, Optional.empty(), Optional.empty());
  }

  /** {@return its size only} */
  public static Expected bytes(long bytes) {
    return new Expected(bytes, Optional.empty(), Optional.empty());
  }

  /** {@return this with a SHA-256} */
  public Expected withSha256(String hex) {
    return new Expected(bytes, Optional.of(hex), md5);
  }

  /** {@return this with an MD5} */
  public Expected withMd5(String hex) {
    return new Expected(bytes, sha256, Optional.of(hex));
  }
}
