package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms of an address. */
class MlflowReferenceTest {
  private static final String ID = "m-bebdeb82ee3f45ce9548336dfa83492b";

  @Test
  void parse_everyForm_isUnderstood() {
    assertThat(MlflowReference.parse("models:/churn model/12"))
        .isEqualTo(new MlflowReference.Version("churn model", "12"));
    assertThat(MlflowReference.parse("models:/a@b@champion"))
        .isEqualTo(new MlflowReference.Alias("a@b", "champion"));
    assertThat(MlflowReference.parse("models:/churn/Latest"))
        .isEqualTo(new MlflowReference.Latest("churn"));
    assertThat(MlflowReference.parse("models:/" + ID)).isEqualTo(new MlflowReference.Logged(ID));
    assertThat(MlflowReference.parse("runs:/6bc327ba/models/onnx"))
        .isEqualTo(new MlflowReference.Run("6bc327ba", "models/onnx"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "models:/", "models:/churn", "models:/churn/", "models:/churn/Production",
        "models:/churn@", "models:/@champion", "models://churn/1", "runs:/abc", "runs:/abc/",
        "s3://bucket/x", "models:/a/1/more"
      })
  void parse_anythingElse_isRefused(String text) {
    assertThatThrownBy(() -> MlflowReference.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected models:/");
  }
}
