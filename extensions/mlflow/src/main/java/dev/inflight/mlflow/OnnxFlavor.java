package dev.inflight.mlflow;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.ModelLoader;
import dev.inflight.onnx.OnnxLoader;
import dev.inflight.onnx.OnnxOptions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The session options that {@code mlflow.onnx.log_model} keeps; needs inflight-runtime-onnx. */
public final class OnnxFlavor {
  private static final String SPIN_INTRA = "session.intra_op.allow_spinning";
  private static final String SPIN_INTER = "session.inter_op.allow_spinning";

  private OnnxFlavor() {}

  /**
   * {@return a loader that changes {@code base} by what each version asks for: optimisation level,
   * threads up to the number of processors, spinning} Its providers are not followed: what hardware
   * there is here its publisher does not know. Anything else, such as another session entry, is
   * refused at load.
   */
  public static <I, O> ModelLoader<I, O> loader(OnnxLoader<I, O> loader, OnnxOptions base) {
    return artifact -> loader.withOptions(options(artifact, base)).load(artifact);
  }

  static OnnxOptions options(ModelArtifact artifact, OnnxOptions base) {
    if (!artifact.files().containsKey(MlflowModel.FILE)) {
      return base;
    }
    Object asked = MlflowModel.of(artifact).flavor("onnx").get("onnx_session_options");
    OnnxOptions options = base;
    if (asked instanceof Map<?, ?> all) {
      for (Map.Entry<?, ?> option : all.entrySet()) {
        options = apply(artifact, options, String.valueOf(option.getKey()), option.getValue());
      }
    }
    return options;
  }

  private static OnnxOptions apply(
      ModelArtifact artifact, OnnxOptions options, String name, @Nullable Object value) {
    if (value == null) {
      return options;
    }
    return switch (name) {
      case "graph_optimization_level" ->
          options.withOptimization(
              switch (number(artifact, name, value)) {
                case 0 -> OnnxOptions.Optimization.NONE;
                case 1 -> OnnxOptions.Optimization.BASIC;
                case 2 -> OnnxOptions.Optimization.EXTENDED;
                default -> OnnxOptions.Optimization.ALL;
              });
      case "intra_op_num_threads" -> {
        int threads = threads(artifact, name, value);
        yield threads == 0 ? options : options.withIntraOpThreads(threads);
      }
      case "inter_op_num_threads" -> {
        int threads = threads(artifact, name, value);
        yield threads == 0 ? options : options.withInterOpThreads(threads);
      }
      case "execution_mode" -> {
        // Operators side by side are what more than one inter-op thread means.
        if (!value.equals("sequential") && !value.equals("parallel")) {
          throw refused(artifact, name, "sequential or parallel", value);
        }
        yield options;
      }
      case "extra_session_config" -> entries(artifact, options, value);
      default -> throw refused(artifact, name, "a session option of MLflow", value);
    };
  }

  private static OnnxOptions entries(ModelArtifact artifact, OnnxOptions options, Object value) {
    OnnxOptions changed = options;
    if (value instanceof Map<?, ?> entries) {
      for (Map.Entry<?, ?> entry : entries.entrySet()) {
        String name = String.valueOf(entry.getKey());
        String setting = String.valueOf(entry.getValue());
        if ((!name.equals(SPIN_INTRA) && !name.equals(SPIN_INTER)) || !setting.matches("[01]")) {
          throw refused(artifact, name, SPIN_INTRA + " or " + SPIN_INTER + ", 0 or 1", setting);
        }
        changed = changed.withSpinning(setting.equals("1"));
      }
    }
    return changed;
  }

  /** 0 is as many as ONNX Runtime likes: ours decide then. */
  private static int threads(ModelArtifact artifact, String name, Object value) {
    int threads = number(artifact, name, value);
    return Math.min(threads, Runtime.getRuntime().availableProcessors());
  }

  private static int number(ModelArtifact artifact, String name, Object value) {
    if (value instanceof Integer number && number >= 0) {
      return number;
    }
    throw refused(artifact, name, "a whole number", value);
  }

  private static ModelLoadException refused(
      ModelArtifact artifact, String name, String expected, Object got) {
    return new ModelLoadException(
        Stage.LOAD,
        artifact.label()
            + ": onnx session option '"
            + name
            + "': expected "
            + expected
            + ", got '"
            + got
            + "'");
  }
}
