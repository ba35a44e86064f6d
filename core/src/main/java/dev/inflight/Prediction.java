package dev.inflight;

/**
 * An answer and where it came from.
 *
 * @param value the answer
 * @param model the version that gave it
 * @param id of this call, unique in this process
 * @param <O> the user's answer
 */
public record Prediction<O>(O value, ModelInfo model, long id) {}
