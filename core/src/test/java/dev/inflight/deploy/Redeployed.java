package dev.inflight.deploy;

import dev.inflight.Lanes;
import dev.inflight.repository.DirectoryRepository;
import java.nio.file.Path;
import java.time.Duration;

/** An application that comes, serves and goes, in a class loader of its own. */
public final class Redeployed {
  private Redeployed() {}

  /** Follows {@code root}, answers once and closes everything. */
  public static String run(Path root, Path staging) {
    try (Lanes lanes = Lanes.of(1);
        Deployment<String, String> iris =
            Deployment.of("iris", DirectoryRepository.at(root), new FakeLoader())
                .lanes(lanes)
                .staging(staging)
                .pollEvery(Duration.ofMillis(5))
                .start()) {
      return iris.predictor().predict("a");
    }
  }
}
