package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.Tolerance.Difference;
import dev.inflight.deploy.Tolerance.Difference.Kind;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records of users with modules; compiles them, for a test has no other module at hand. */
class ToleranceModulesTest {
  @Test
  void records_inAModule_areLookedIntoWhereItLetsUsAndEqualOtherwise(@TempDir Path dir)
      throws Exception {
    Tolerance near = Tolerance.absolute(.5);
    for (boolean opened : new boolean[] {true, false}) {
      Path source = Files.createDirectories(dir.resolve(opened + "/src/user"));
      Path module = source.resolveSibling("module-info.java");
      Files.writeString(module, (opened ? "open " : "") + "module user { exports user; }");
      Path factory = source.resolve("Factory.java");
      Files.writeString(
          factory,
          "package user; public class Factory implements java.util.function.Supplier<Object[]> {"
              + " private record Closed(float score) {}"
              + " public record Open(float score) {}"
              + " public Object[] get() { return new Object[] {new Closed(1), new Closed(1),"
              + " new Closed(1.25f), new Open(1), new Open(1.25f), new Closed(Float.NaN)}; } }");
      Path classes = dir.resolve(opened + "/classes");
      ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
      assertThat(
              javac.run(
                  System.out,
                  System.err,
                  "-d",
                  classes.toString(),
                  module.toString(),
                  factory.toString()))
          .isZero();
      ModuleLayer boot = ModuleLayer.boot();
      Object factoryObject =
          boot.defineModulesWithOneLoader(
                  boot.configuration()
                      .resolve(ModuleFinder.of(classes), ModuleFinder.of(), Set.of("user")),
                  ClassLoader.getPlatformClassLoader())
              .findLoader("user")
              .loadClass("user.Factory")
              .getConstructor()
              .newInstance();
      Object[] records = (Object[]) ((Supplier<?>) factoryObject).get();
      assertThat(near.compare(records[0], records[1])).isEmpty();
      assertThat(near.compare(records[3], records[4])).isEmpty();
      assertThat(near.compare(records[0], records[2]))
          .isEqualTo(opened ? Optional.empty() : Optional.of(new Difference("", Kind.LABEL, 0)));
      assertThat(Tolerance.isFinite(records[5])).isEqualTo(!opened);
    }
  }
}
