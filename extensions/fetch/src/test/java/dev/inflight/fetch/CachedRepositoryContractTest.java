package dev.inflight.fetch;

import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.ModelRepository;
import dev.inflight.testkit.DirectoryContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** A cache of a directory keeps the contract, all objects of a test on one cache. */
class CachedRepositoryContractTest extends DirectoryContract {
  @TempDir Path cache;

  @Override
  protected ModelRepository open() {
    return CachedRepository.of(DirectoryRepository.at(models), cache);
  }
}
