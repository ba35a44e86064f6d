package dev.inflight.signing;

/** The same with signed manifests. */
class SignedManifestContractTest extends SignedRepositoryContractTest {
  @Override
  KeyKind kind() {
    return KeyKind.ED25519;
  }
}
