package dev.inflight.signing;

import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.ModelRepository;
import dev.inflight.testkit.DirectoryContract;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;

/** Signed directories keep the contract: what is signed arrives, and nothing else. */
class SignedRepositoryContractTest extends DirectoryContract {
  private ModelSigner signer;

  @BeforeEach
  void generate() throws Exception {
    signer = ModelSigner.of(Bench.pair(kind()).getPrivate());
  }

  KeyKind kind() {
    return KeyKind.P256;
  }

  @Override
  protected ModelRepository open() {
    return SignedRepository.of(
        DirectoryRepository.at(models),
        Trust.required(TrustedSigners.ofKeys(List.of(signer.publicKey())))
            .withState(models.resolve("state/trust")));
  }

  @Override
  protected void complete(Path version) throws IOException {
    signer.sign(version);
  }
}
