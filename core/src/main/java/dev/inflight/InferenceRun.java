package dev.inflight;

import java.util.List;

/**
 * One run of a backend, as listeners see it. Durations are nanoseconds.
 *
 * @param model what ran
 * @param lane on which it ran: {@link Lane#index()}
 * @param release why it began
 * @param rows in the run
 * @param answered of those; the others failed, and are told one by one
 * @param queueNanos what the oldest row waited; 0 when its caller ran it
 * @param nanos the run itself, encoding and decoding included
 * @param encodeNanos of that, what the codec took to write the rows; 0 if that was not measured
 * @param decodeNanos of that, what the codec took to read the answers; 0 if that was not measured
 * @param endNanos when it ended, as {@link System#nanoTime()} says it
 * @param attachments {@link CallOptions#attachment()} of the calls in it that have one
 */
public record InferenceRun(
    ModelInfo model,
    int lane,
    Release release,
    int rows,
    int answered,
    long queueNanos,
    long nanos,
    long encodeNanos,
    long decodeNanos,
    long endNanos,
    List<Object> attachments) {
  /** Copies the list. */
  public InferenceRun {
    attachments = List.copyOf(attachments);
  }
}
