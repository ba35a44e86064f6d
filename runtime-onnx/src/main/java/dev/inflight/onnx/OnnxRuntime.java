package dev.inflight.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import dev.inflight.ModelLoadException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process's ONNX Runtime environment: brought up once, and a failure to bring it up is
 * remembered and told every time.
 *
 * <p>Never configured: whoever came first in this JVM keeps its settings, and nobody after us is
 * refused.
 */
final class OnnxRuntime {
  private static final Logger log = LoggerFactory.getLogger(OnnxRuntime.class);

  /**
   * 1.29.0 copies the command line to the stack and dies on ~4 kB with a thread's usual 8 MB; 64 MB
   * takes 1 MB of it.
   */
  private static final long START_STACK_BYTES = 64L << 20;

  /**
   * Which class loader brought the native library in: system properties are seen by all of them.
   */
  private static final String MARK = "dev.inflight.onnx.loader";

  private static final class Holder {
    static final Object ENVIRONMENT_OR_FAILURE = start();
  }

  private OnnxRuntime() {}

  /**
   * {@return the environment}
   *
   * @throws ModelLoadException of stage {@code RUNTIME}, saying what is wrong with this machine
   */
  static OrtEnvironment environment() {
    if (Holder.ENVIRONMENT_OR_FAILURE instanceof OrtEnvironment environment) {
      return environment;
    }
    Throwable failure = (Throwable) Holder.ENVIRONMENT_OR_FAILURE;
    throw new ModelLoadException(ModelLoadException.Stage.RUNTIME, explain(failure), failure);
  }

  /** {@return name and version, as {@code ModelInfo} has it} */
  static String label() {
    return "onnxruntime " + environment().getVersion();
  }

  private static Object start() {
    Object[] result = new Object[1];
    Thread starter =
        new Thread(null, () -> result[0] = attempt(), "inflight-onnx-start", START_STACK_BYTES);
    starter.start();
    boolean interrupted = false;
    while (true) {
      try {
        starter.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return result[0];
  }

  private static Object attempt() {
    try {
      warnOfSecondLoader();
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      silence(environment);
      keepBeyondExit();
      return environment;
    } catch (Throwable e) {
      // UnsatisfiedLinkError and NoClassDefFoundError are as ordinary here as exceptions.
      return e;
    }
  }

  private static void warnOfSecondLoader() {
    String mine =
        Integer.toHexString(System.identityHashCode(OrtEnvironment.class.getClassLoader()));
    String first =
        System.getProperties().putIfAbsent(MARK, mine) instanceof String other ? other : mine;
    if (!first.equals(mine)) {
      log.warn(
          "ONNX Runtime is loaded by two class loaders of this JVM: twice the native library, twice the threads; put"
              + " onnxruntime in a class loader that both share");
    }
  }

  private static void silence(OrtEnvironment environment) throws ai.onnxruntime.OrtException {
    environment.setTelemetry(false);
    String[] version = environment.getVersion().split("\\.", -1);
    boolean sends =
        version.length > 1 && !version[0].equals("0") && Integer.parseInt(version[1]) >= 29;
    if (sends && !"1".equals(System.getenv("ORT_DISABLE_TELEMETRY"))) {
      log.warn(
          "onnxruntime {} has started telemetry; events are switched off now, but only the environment variable"
              + " ORT_DISABLE_TELEMETRY=1, set before the JVM starts, keeps it from writing files",
          environment.getVersion());
    }
  }

  /**
   * ONNX Runtime's shutdown hook frees the environment while other threads may still load or run,
   * which crashes or fails them. The native environment is reference-counted, so one more reference
   * keeps it alive until the process is gone.
   */
  private static void keepBeyondExit() {
    try {
      Class<?> runtime = Class.forName("ai.onnxruntime.OnnxRuntime");
      Field api = runtime.getDeclaredField("ortApiHandle");
      api.setAccessible(true);
      Method create =
          OrtEnvironment.class.getDeclaredMethod(
              "createHandle", long.class, int.class, String.class);
      create.setAccessible(true);
      create.invoke(
          null,
          api.getLong(null),
          OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING.getValue(),
          "inflight");
    } catch (ReflectiveOperationException | RuntimeException e) {
      log.debug("onnxruntime's environment cannot be kept beyond the shutdown hook", e);
    }
  }

  private static String explain(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String where = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    String said = String.valueOf(root.getMessage());
    String advice;
    if (Files.exists(Path.of("/etc/alpine-release"))) {
      advice =
          "Alpine has musl, ONNX Runtime needs glibc 2.28 or newer: use a Debian or distroless base image";
    } else if (said.contains("another classloader")) {
      advice = "put onnxruntime in a class loader that all applications share";
    } else if (said.contains("failed to map segment")
        || said.toLowerCase(Locale.ROOT).contains("permission")) {
      advice =
          "the directory of java.io.tmpdir must allow execution (noexec is set?): point -Djava.io.tmpdir, or"
              + " -Donnxruntime.native.path with the libraries in it, to one that does";
    } else {
      advice =
          "expected the native library for this platform in the onnxruntime jar, or in -Donnxruntime.native.path";
    }
    return "onnxruntime cannot start on "
        + where
        + ": "
        + advice
        + "; it said: "
        + root.getClass().getSimpleName()
        + ": "
        + said;
  }
}
