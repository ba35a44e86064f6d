package dev.inflight;

import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Signature;

/**
 * Between the user's own types and a model's tensors.
 *
 * @param <I> the user's row
 * @param <O> the user's answer
 */
@FunctionalInterface
public interface Codec<I, O> {
  /**
   * Resolves every name, type and side file once, at load. A codec that binds is compatible with
   * the model.
   *
   * @param artifact for side files of the same version: labels, a tokenizer
   * @throws IllegalArgumentException if the model does not fit; it becomes a {@link
   *     ModelLoadException} of stage {@code BIND}
   */
  Bound<I, O> bind(ModelArtifact artifact, Signature signature) throws Exception;

  /**
   * A codec for one version. Used by all lanes at once; closed with its version.
   *
   * @param <I> the user's row
   * @param <O> the user's answer
   */
  interface Bound<I, O> extends AutoCloseable {
    /**
     * Writes one row, on a thread that holds a lane.
     *
     * @throws IllegalArgumentException if this row does not fit; it fails alone, as {@link
     *     InvalidInputException}
     */
    void encode(I row, RowWriter writer);

    /** {@return the answer for one row} Keeps nothing of {@code reader}. */
    O decode(RowReader reader);

    /** Frees what {@code bind} opened. */
    @Override
    default void close() {}
  }

  /**
   * {@return a codec for two records, bound by component name}
   *
   * <p>Two names <em>match</em> when they are equal after dropping case and everything but letters
   * and digits, so {@code petalLength} matches {@code petal length} and {@code petal_length}. Rules
   * for {@code in}, the first that fits:
   *
   * <table>
   * <caption>Row to inputs</caption>
   * <tr><th>model</th><th>component</th></tr>
   * <tr><td>one input with one {@linkplain dev.inflight.tensor.ValueSpec#columns() named column} per component
   *     <td>each scalar component goes to the column it matches
   * <tr><td>an input matches every component
   *     <td>scalar, array or {@code String} to an input of that many elements a row; {@code long[]}/{@code float[]}/
   *     {@code double[]}/{@code int[]}/{@code String[]} also to one with a single open dimension
   * <tr><td>one input without column names, as many elements a row as the record has scalar components
   *     <td>in the order of declaration
   * <tr><td>one input and one component <td>to each other, whatever their names
   * </table>
   *
   * <p>Rules for {@code out}, per component, the first that fits:
   *
   * <table>
   * <caption>Outputs to answer</caption>
   * <tr><th>component</th><th>takes</th></tr>
   * <tr><td>{@code probability}, a scalar that matches no output <td>the greatest entry of the output that matches
   *     {@code probabilities} or {@code output_probability}
   * <tr><td>matches an output, or {@code output_} and its name <td>that output's row: scalar, array, {@code String}, or, for
   *     {@code Map<String, Float>} and {@code Map<String, Double>}, a map value or an output with named columns
   * <tr><td>matches a named column of an output <td>that entry
   * <tr><td>the only component, and the only output <td>that output's row
   * </table>
   *
   * <p>Floating components round to the nearest; whole numbers must fit exactly. Everything else is
   * refused when the codec is bound. Either class may be a class of any visibility; components are
   * read and constructors called through method handles.
   */
  static <I extends Record, O extends Record> Codec<I, O> records(Class<I> in, Class<O> out) {
    return new RecordCodec<>(in, out);
  }
}
