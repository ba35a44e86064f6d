package dev.inflight.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;

/**
 * What real servers answered, without them. Recorded by {@code mvn -Pinterop
 * -Dinflight.mlflow.record=true}, see {@code src/test/python/README.md}.
 */
class RecordedTest {
  static final String MLFLOW_2 = "2.22.5";
  static final String MLFLOW_3 = "3.17.2";

  static Path file(String version) {
    return Path.of(
        System.getProperty("inflight.root"),
        "extensions/mlflow/src/test/resources/recorded/mlflow-" + version + ".json.gz");
  }

  /** One recording. */
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  abstract static class Recorded extends RealModels {
    private final String version;
    private Exchanges exchanges;

    Recorded(String version) {
      this.version = version;
    }

    @BeforeAll
    void open() throws Exception {
      exchanges = Exchanges.replaying(file(version));
    }

    @AfterAll
    void close() {
      exchanges.close();
    }

    @Override
    JsonNode made() {
      return exchanges.made();
    }

    @Override
    MlflowRepository repository() {
      return MlflowRepository.at(exchanges.uri());
    }
  }

  @Nested
  class Mlflow2 extends Recorded {
    Mlflow2() {
      super(MLFLOW_2);
    }
  }

  @Nested
  class Mlflow3 extends Recorded {
    Mlflow3() {
      super(MLFLOW_3);
    }
  }
}
