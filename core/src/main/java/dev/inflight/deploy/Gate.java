package dev.inflight.deploy;

import dev.inflight.deploy.Gates.Named;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * What a version has to pass before it may answer anybody. A gate that throws, or does not end in
 * time, stops the version; what serves goes on serving. Runs on a library thread of its own.
 *
 * @param <I> a row
 * @param <O> an answer
 */
@FunctionalInterface
public interface Gate<I, O> {
  /** How long a gate may take, if it does not say. */
  Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * {@return what was looked at, in a few words, for the report; no inputs and no answers}
   *
   * @throws Exception if the version must not serve; the message says why
   */
  String check(Candidate<I, O> candidate) throws Exception;

  /** {@return its name in reports} */
  default String name() {
    return "gate";
  }

  /** {@return how long it may take} */
  default Duration patience() {
    return PATIENCE;
  }

  /** {@return this under a name} */
  default Gate<I, O> named(String name) {
    return new Named<>(name, patience(), this);
  }

  /** {@return this, ended after {@code patience}} */
  default Gate<I, O> within(Duration patience) {
    return new Named<>(name(), patience, this);
  }

  /**
   * {@return every lane has run these rows at every batch size in use} Makes the first call after
   * the swap as quick as any other, and shows what fails at a size that no test has tried.
   */
  static <I, O> Gate<I, O> warmUp(List<? extends I> rows) {
    return new Gates.WarmUp<I, O>(List.copyOf(rows)).named("warm-up");
  }

  /** {@return these rows get these answers} */
  static <I, O> Gate<I, O> golden(List<Golden<I, O>> rows, Tolerance tolerance) {
    List<Golden<I, O>> copy = List.copyOf(rows);
    return golden(artifact -> copy, tolerance);
  }

  /** {@return the rows that lie beside the model get the answers that lie there too} */
  static <I, O> Gate<I, O> golden(
      Function<dev.inflight.ModelArtifact, List<Golden<I, O>>> beside, Tolerance tolerance) {
    return new Gates.GoldenRows<>(beside, tolerance).named("golden");
  }

  /**
   * A row and the answer that the toolchain gave.
   *
   * @param row the input
   * @param answer the expected answer
   */
  record Golden<I, O>(I row, O answer) {}

  /**
   * {@return rows get the same answers alone and in batches of 2, 3, 7 and the largest size in use,
   * in any order} A model that normalises over its batch, or pads wrongly, fails here.
   */
  static <I, O> Gate<I, O> batchInvariance(List<? extends I> rows, Tolerance tolerance) {
    return new Gates.BatchInvariance<I, O>(List.copyOf(rows), tolerance, false)
        .named("batch invariance");
  }

  /** {@return the same, but a version that fails serves row by row, and says so} */
  static <I, O> Gate<I, O> batchInvarianceOrAlone(List<? extends I> rows, Tolerance tolerance) {
    return new Gates.BatchInvariance<I, O>(List.copyOf(rows), tolerance, true)
        .named("batch invariance");
  }

  /** {@return inputs and outputs are those of what serves; the first version always passes} */
  static <I, O> Gate<I, O> sameSignature() {
    return new Gates.SameSignature<I, O>().named("signature");
  }

  /** {@return the median of single calls with these rows, one after the other, is at most that} */
  static <I, O> Gate<I, O> latency(List<? extends I> rows, Duration atMost) {
    return new Gates.Latency<I, O>(List.copyOf(rows), atMost).named("latency");
  }

  /** {@return the files of the version and the memory it says it takes are each at most that} */
  static <I, O> Gate<I, O> size(long atMostBytes) {
    return new Gates.Size<I, O>(atMostBytes).named("size");
  }
}
