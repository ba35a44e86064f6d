package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a backend does, the caller gets a typed failure and the lane goes on. */
@Timeout(60)
class PredictorFailureTest {
  static Stream<Arguments> failures() {
    return Stream.of(
        failure(
            "exception",
            rows -> {
              throw new IOException("disk");
            }),
        failure(
            "error",
            rows -> {
              throw new StackOverflowError("deep");
            }),
        failure("null", rows -> null),
        failure("too few", rows -> List.of()),
        failure("too many", rows -> List.of(Outcome.of("x"), Outcome.of("y"))),
        failure("null outcome", rows -> Arrays.asList((Outcome<String>) null)),
        failure("failed outcome", rows -> List.of(FakeModel.failure("no"))));
  }

  private static Arguments failure(String name, FakeModel.Body body) {
    return Arguments.of(
        name,
        new FakeModel(
            "1", rows -> rows.get(0).equals("fail") ? body.run(rows) : FakeModel.echo("1", rows)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("failures")
  void predict_badRunner_failsThisCallOnly(String name, FakeModel model) {
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(model, lanes)) {
      assertThatThrownBy(() -> slot.predictor().predict("fail"))
          .as(name)
          .isInstanceOf(PredictionFailedException.class);
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("failures")
  void submit_badRunner_failsThisCallOnly(String name, FakeModel model) throws Exception {
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(model, lanes)) {
      slot.listen(new InferenceListener() {});
      assertThatThrownBy(() -> slot.predictor().submit("fail").get(10, TimeUnit.SECONDS))
          .as(name)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(PredictionFailedException.class);
      assertThat(slot.predictor().submit("a").get(10, TimeUnit.SECONDS).value()).isEqualTo("1:a");
    }
  }

  @Test
  void predict_runnerCannotBeMade_failsAndTriesAgain() {
    AtomicReference<RuntimeException> failure =
        new AtomicReference<>(new IllegalStateException("no memory"));
    FakeModel good = new FakeModel("1");
    Model<String, String> model =
        new ForwardingModel<String, String>(good) {
          @Override
          public Runner<String, String> newRunner(Lane lane) throws Exception {
            RuntimeException now = failure.getAndSet(null);
            if (now != null) {
              throw now;
            }
            return super.newRunner(lane);
          }
        };
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(model, lanes)) {
      assertThatThrownBy(() -> slot.predictor().predict("a"))
          .isInstanceOf(PredictionFailedException.class)
          .hasMessageContaining("no memory");
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
    }
  }

  /** The row was validated by the version before; the new one's validation has a bug. */
  @Test
  void submit_newVersionsValidateThrows_failsThisCallOnly() throws Exception {
    Model<String, String> buggy =
        new ForwardingModel<String, String>(new FakeModel("2")) {
          @Override
          public void validate(String row) {
            if (row.equals("a")) {
              throw new ClassCastException("bug");
            }
          }
        };
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      var slot = ModelSlot.of(gate.model("1"), lanes);
      var held = slot.predictor().submit("hold");
      gate.awaitEntered();
      var queued = slot.predictor().submit("a");
      var retired = slot.swap(buggy);
      gate.open();
      assertThat(held.get(10, TimeUnit.SECONDS).value()).isEqualTo("1:hold");
      assertThatThrownBy(() -> queued.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(PredictionFailedException.class);
      assertThat(slot.predictor().submit("b").get(10, TimeUnit.SECONDS).value()).isEqualTo("2:b");
      assertThat(retired.get(10, TimeUnit.SECONDS).version()).isEqualTo("1");
      slot.close();
    }
  }

  @Test
  void predict_invalidRow_neverReachesTheRunner() {
    FakeModel model = new FakeModel("1");
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(model, lanes)) {
      var predictor = slot.predictor();
      assertThatThrownBy(() -> predictor.predict("bad")).isInstanceOf(InvalidInputException.class);
      assertThatThrownBy(() -> predictor.submit("bad")).isInstanceOf(InvalidInputException.class);
      assertThatThrownBy(() -> predictor.predictAll(List.of("a", "bad")))
          .isInstanceOf(InvalidInputException.class);
      assertThatThrownBy(() -> predictor.predict(null)).isInstanceOf(NullPointerException.class);
      assertThat(model.ranOn).isEmpty();
    }
  }

  @Test
  void predict_reentrantOnTheOnlyLane_isRefusedInsteadOfADeadlock() throws Exception {
    AtomicReference<Predictor<String, String>> self = new AtomicReference<>();
    FakeModel model =
        new FakeModel(
            "1",
            rows ->
                rows.get(0).equals("again")
                    ? List.of(Outcome.of(self.get().predict("b")))
                    : FakeModel.echo("1", rows));
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(model, lanes)) {
      self.set(slot.predictor());
      assertThatThrownBy(() -> slot.predictor().predict("again"))
          .isInstanceOf(PredictionFailedException.class)
          .hasCauseInstanceOf(IllegalStateException.class)
          .hasMessageContaining("holds lane 0");
      assertThatThrownBy(() -> slot.predictor().submit("again").get(10, TimeUnit.SECONDS))
          .hasRootCauseInstanceOf(IllegalStateException.class);
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
    }
  }
}
