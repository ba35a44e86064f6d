package dev.inflight.bench.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.bench.call.DjlModel;
import dev.inflight.bench.call.LightGbmVariants;
import dev.inflight.bench.call.OrtVariants;
import dev.inflight.bench.call.PmmlVariants;
import dev.inflight.bench.call.Variant;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class ForestTest {
  private static final Offset<Float> ROUNDING = within(1e-4f);

  private final Forest forest = Forest.standard();
  private final ForestText text = new ForestText(forest);
  private final BenchModel model = BenchModel.of("m4");

  private void assertSameAnswers(Variant variant) throws Exception {
    try {
      for (int i = 0; i < 50; i++) {
        float expected = (float) forest.predict(model.rows().get(i));
        assertThat(variant.call()).isCloseTo(expected, ROUNDING);
      }
    } finally {
      variant.close();
    }
  }

  /** Before anybody else, in the JVM that all tests share. */
  @BeforeAll
  static void claimEnvironment() {
    DjlModel.claimEnvironment();
  }

  @Test
  void onnx_variedRows_givesTheSum() throws Exception {
    assertSameAnswers(OrtVariants.reused(model, model.batches(1)));
  }

  @Test
  void pmml_variedRows_givesTheSum() throws Exception {
    assertSameAnswers(PmmlVariants.of(text.pmml(), "y", model));
  }

  @Test
  void lightGbm_variedRows_givesTheSum() throws Exception {
    assertSameAnswers(LightGbmVariants.of(text.lightGbm(), model.batches(1)));
  }

  @Test
  void rows_ofEveryModel_areManyAndDifferent() {
    for (String name : new String[] {"m0", "m1", "m2", "m3", "m4", "m5"}) {
      assertThat(BenchModel.of(name).rows())
          .hasSizeGreaterThanOrEqualTo(256)
          .doesNotHaveDuplicates();
    }
  }
}
