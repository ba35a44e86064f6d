package dev.inflight.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelSlot;
import dev.inflight.tensor.Tensors;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** What the children of the guard tests run. */
final class ChildMains {
  private ChildMains() {}

  static Model<Tensors, Tensors> load(String name) {
    Path directory = CaseFiles.models(name);
    return OnnxLoader.tensors()
        .load(ModelArtifact.of(directory.getFileName().toString(), "1", directory));
  }

  static Tensors row(String name) {
    Path directory = CaseFiles.models(name);
    OnnxGraph graph = OnnxGraph.read(CaseFiles.bytes(directory.resolve("model.onnx")));
    return CaseFiles.inputs(directory.resolve("test_data_set_0"), graph);
  }

  /** Loads, predicts once, says so. */
  static final class Predict {
    private Predict() {}

    public static void main(String[] arguments) {
      try (Lanes lanes = Lanes.of(1);
          ModelSlot<Tensors, Tensors> slot = ModelSlot.of(load("onnx/mlp"), lanes)) {
        System.out.println("answered " + slot.predictor().predict(row("onnx/mlp")));
      } catch (ModelLoadException e) {
        System.out.println("refused " + e.stage() + ": " + e.getMessage());
        try {
          load("onnx/mlp");
        } catch (ModelLoadException again) {
          System.out.println("again " + again.stage());
        }
      }
    }
  }

  /** Calls from many threads while versions are swapped, for three seconds. */
  static final class Swaps {
    private Swaps() {}

    public static void main(String[] arguments) throws Exception {
      AtomicLong answers = new AtomicLong();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Tensors row = row("onnx/gru");
      int swaps = 0;
      List<CompletableFuture<ModelInfo>> closed = new ArrayList<>();
      try (Lanes lanes = Lanes.of(2);
          ModelSlot<Tensors, Tensors> slot = ModelSlot.of(load("onnx/gru"), lanes)) {
        Tensors expected = slot.predictor().predict(row);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3); // loading took what it took
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          Thread thread =
              new Thread(
                  () -> {
                    try {
                      while (System.nanoTime() < end) {
                        if (!slot.predictor().predict(row).equals(expected)) {
                          throw new IllegalStateException("another answer");
                        }
                        answers.incrementAndGet();
                      }
                    } catch (Throwable e) {
                      failure.set(e);
                    }
                  });
          thread.start();
          threads.add(thread);
        }
        while (System.nanoTime() < end) {
          Model<Tensors, Tensors> next = load("onnx/gru");
          closed.add(slot.swap(next));
          swaps++;
        }
        for (Thread thread : threads) {
          thread.join();
        }
        closed.forEach(CompletableFuture::join);
      }
      Throwable thrown = failure.get();
      if (thrown != null) {
        throw new IllegalStateException(thrown);
      }
      System.out.println("swaps=" + swaps + " answers=" + answers);
    }
  }

  /** Another library of this JVM has made the environment its own way. */
  static final class ForeignEnvironment {
    private ForeignEnvironment() {}

    public static void main(String[] arguments) throws Exception {
      OrtEnvironment.ThreadingOptions threads = new OrtEnvironment.ThreadingOptions();
      threads.setGlobalIntraOpNumThreads(2);
      OrtEnvironment.getEnvironment(
          OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "somebody-else", threads);
      Predict.main(arguments);
    }
  }

  /** ONNX Runtime and this library twice, in class loaders that do not know each other. */
  static final class TwoLoaders {
    private TwoLoaders() {}

    public static void main(String[] arguments) throws Exception {
      List<URL> urls = new ArrayList<>();
      for (String part : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
        urls.add(Path.of(part).toUri().toURL());
      }
      for (int i = 0; i < 2; i++) {
        // Not closed: the native library stays for the life of the JVM.
        @SuppressWarnings("resource")
        URLClassLoader loader =
            new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
        var main =
            loader.loadClass(Predict.class.getName()).getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        main.invoke(null, (Object) arguments);
      }
    }
  }
}
