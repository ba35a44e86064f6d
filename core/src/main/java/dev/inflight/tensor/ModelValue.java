package dev.inflight.tensor;

/**
 * What a model takes or gives under one name. Immutable as long as nobody writes to the memory
 * behind a {@link Tensor}.
 */
public sealed interface ModelValue permits Tensor, SequenceValue, MapValue {}
