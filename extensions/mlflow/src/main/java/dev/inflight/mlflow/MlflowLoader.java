package dev.inflight.mlflow;

import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.ModelLoader;
import java.util.Optional;

/**
 * Loads with another loader, and refuses a version whose inputs are not those that its MLflow
 * signature declares, by MLflow's own rules: names, dimensions, and types that widen (integer to
 * long and double, float to double) or that MLflow's ONNX wrapper narrows (double to float).
 * Columns may be the columns of one matrix or an input each. A version without {@code MLmodel} or
 * signature is loaded as it is. Rows themselves are checked by the backend.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class MlflowLoader<I, O> implements ModelLoader<I, O> {
  private final ModelLoader<I, O> loader;

  private MlflowLoader(ModelLoader<I, O> loader) {
    this.loader = loader;
  }

  /** {@return a loader that checks what {@code loader} loads} */
  public static <I, O> MlflowLoader<I, O> of(ModelLoader<I, O> loader) {
    return new MlflowLoader<>(loader);
  }

  @Override
  public Model<I, O> load(ModelArtifact artifact) throws Exception {
    if (!artifact.files().containsKey(MlflowModel.FILE)) {
      return loader.load(artifact);
    }
    MlflowSignature declared = MlflowModel.of(artifact).signature();
    Model<I, O> model = loader.load(artifact);
    try {
      Optional<String> difference = declared.difference(model.info().signature());
      if (difference.isPresent()) {
        throw new ModelLoadException(
            Stage.LOAD,
            artifact.label()
                + ": MLflow signature: "
                + difference.get()
                + "; log it again with"
                + " the signature of the model, or with none");
      }
      return model;
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }
}
