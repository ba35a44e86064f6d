package dev.inflight;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;

/**
 * One class of the engine with one step broken.
 *
 * @param what what is broken
 * @param caughtBy the jcstress test, or the {@link History}, that must notice
 * @param of the class
 * @param from what its source says, once
 * @param to what it says in the mutant
 */
record Mutant(String what, String caughtBy, String of, String from, String to) {
  private static final Path SOURCES =
      Path.of(System.getProperty("inflight.root"), "core/src/main/java/dev/inflight");

  /** {@link #caughtBy}, on the mutant: every engine class is loaded anew around it. */
  Class<?> load(Path into) throws IOException, ReflectiveOperationException {
    Path mutated = compile(into);
    URL[] first = {
      mutated.toUri().toURL(), location(Rig.class), location(Dispatcher.class),
    };
    return new EngineLoader(first).loadClass("dev.inflight." + caughtBy);
  }

  /** The same, for another checker. */
  Mutant caughtBy(String checker) {
    return new Mutant(what, checker, of, from, to);
  }

  private static URL location(Class<?> of) {
    return of.getProtectionDomain().getCodeSource().getLocation();
  }

  /** Where the class file is, and no other one. */
  Path compile(Path into) throws IOException {
    String source = Files.readString(SOURCES.resolve(of + ".java"));
    int at = source.indexOf(from);
    if (at < 0 || source.indexOf(from, at + 1) >= 0) {
      throw new IllegalStateException(
          "mutant \"" + what + "\": expected once in " + of + ".java: " + from);
    }
    Path file = Files.createDirectories(into.resolve("source")).resolve(of + ".java");
    Files.writeString(file, source.substring(0, at) + to + source.substring(at + from.length()));
    Path classes = Files.createDirectories(into.resolve("classes"));
    StringWriter said = new StringWriter();
    var compiler = ToolProvider.getSystemJavaCompiler();
    var task =
        compiler.getTask(
            said,
            null,
            null,
            List.of(
                "-d",
                classes.toString(),
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path")),
            null,
            compiler.getStandardFileManager(null, null, null).getJavaFileObjects(file));
    if (!task.call()) {
      throw new IllegalStateException("mutant \"" + what + "\" does not compile: " + said);
    }
    return classes;
  }

  @Override
  public String toString() {
    return of + ": " + what;
  }

  /** The engine from its own places, first of all the mutated one; everything else as usual. */
  private static final class EngineLoader extends URLClassLoader {
    EngineLoader(URL[] urls) {
      super(urls, Mutant.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("dev.inflight.")) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? findClass(name) : loaded;
      }
    }
  }
}
