package dev.inflight;

import java.util.Map;
import java.util.TreeMap;

/**
 * The only entry point of a backend.
 *
 * @param <I> a row
 * @param <O> an answer
 */
@FunctionalInterface
public interface ModelLoader<I, O> {
  /**
   * Loads a version. Called on a loader thread, may take minutes. Everything it opened is closed
   * again when it throws.
   *
   * @throws ModelLoadException with the stage, when the version is refused
   * @throws Exception anything else; the caller wraps it as {@code LOAD}
   */
  Model<I, O> load(ModelArtifact artifact) throws Exception;

  /**
   * {@return a loader that picks by {@link ModelArtifact#format()}, so that one model can move from
   * one runtime to another}
   *
   * @param loaders format, such as {@code onnx} or {@code tribuo}, to its loader
   */
  static <I, O> ModelLoader<I, O> byFormat(Map<String, ? extends ModelLoader<I, O>> loaders) {
    Map<String, ModelLoader<I, O>> byName = new TreeMap<>(loaders);
    return artifact -> {
      ModelLoader<I, O> loader = byName.get(artifact.format());
      if (loader == null) {
        throw new ModelLoadException(
            ModelLoadException.Stage.LOAD,
            artifact.label()
                + ": expected a format of "
                + byName.keySet()
                + ", got '"
                + artifact.format()
                + "' (files "
                + artifact.files().keySet()
                + ")");
      }
      return loader.load(artifact);
    };
  }
}
