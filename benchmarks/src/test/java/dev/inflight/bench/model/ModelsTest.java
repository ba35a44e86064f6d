package dev.inflight.bench.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.bench.call.DjlModel;
import dev.inflight.bench.call.DjlVariants;
import dev.inflight.bench.call.InflightVariants;
import dev.inflight.bench.call.OrtVariants;
import dev.inflight.bench.call.Variant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ModelsTest {
  @ParameterizedTest
  @ValueSource(strings = {"m0", "m1", "m2", "m3", "m4", "m5"})
  void call_everyVariant_givesTheSameAnswers(String name) throws Exception {
    DjlModel.claimEnvironment();
    BenchModel model = BenchModel.of(name);
    List<Batch> batches = model.batches(8);
    List<Variant> variants =
        List.of(
            OrtVariants.arrays(model, batches),
            OrtVariants.directBuffer(model, batches),
            OrtVariants.pinned(model, batches),
            OrtVariants.reused(model, batches),
            InflightVariants.codecList(model, batches),
            InflightVariants.tensors(model, batches),
            DjlVariants.whole(model, batches),
            DjlVariants.noop(model, batches),
            DjlVariants.rows(model, batches));
    try {
      for (int i = 0; i < 5; i++) {
        float expected = variants.get(0).call();
        for (Variant variant : variants.subList(1, variants.size())) {
          assertThat(variant.call()).isCloseTo(expected, within(1e-4f));
        }
      }
    } finally {
      for (Variant variant : variants) {
        variant.close();
      }
    }
  }
}
