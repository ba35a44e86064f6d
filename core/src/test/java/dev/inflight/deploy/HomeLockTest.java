package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.inflight.ModelArtifact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One deployment at a time has a home, and only its user can look into it. */
class HomeLockTest extends HomeFixture {
  /** Opens the home of iris, says what came of it, and ends without closing it. */
  static final class Other {
    private Other() {}

    @SuppressWarnings("SystemOut") // how the parent hears of it
    public static void main(String... arguments) throws IOException {
      try {
        Home home = Home.open(Path.of(arguments[0]), "iris");
        home.remember(home.memory().withAttempts("child", 1));
        System.out.println("opened " + home);
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
      Runtime.getRuntime().halt(0);
    }
  }

  private String inAnotherProcess() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx64m", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Other.class.getName(), root.toString()));
    Path output = source.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(output, StandardCharsets.UTF_8).strip();
  }

  @Test
  void open_heldInThisJvm_saysWhoAndWhere() throws IOException {
    open();
    Home other = Home.open(root, "wine"); // another model is another home
    other.close();
    assertThatThrownBy(this::open)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith(
            "home of iris: expected "
                + inside("")
                + " for itself, got a lock of another deployment of this JVM, pid "
                + ProcessHandle.current().pid()
                + " since ");
  }

  @Test
  void open_throughALink_isTheSameHome() throws IOException {
    Path link = Files.createSymbolicLink(source.resolve("link"), root);
    open();
    assertThatThrownBy(() -> Home.open(link, "iris")).isInstanceOf(IllegalStateException.class);
    closeAll();
    Home.open(link, "iris").close();
  }

  /** Also after this JVM tried twice: closing a second channel would have dropped the lock. */
  @Test
  void open_heldByAnotherProcess_saysWhoAndWhere() throws Exception {
    Home home = open();
    assertThatThrownBy(this::open).isInstanceOf(IllegalStateException.class);
    assertThat(inAnotherProcess())
        .startsWith(
            "home of iris: expected "
                + inside("")
                + " for itself, got a lock of another process, pid "
                + ProcessHandle.current().pid()
                + " since ");
    home.remember(odd());
    home.close();
    assertThat(inAnotherProcess()).isEqualTo("opened " + inside(""));
    // The other process was halted: its lock went with it, what it remembered did not.
    assertThat(open().memory()).isEqualTo(odd().withAttempts("child", 1));
  }

  @Test
  void close_twice_releasesOnceAndRefusesUse() throws IOException {
    Home home = open();
    home.close();
    Home next = open();
    home.close();
    assertThatThrownBy(this::open).isInstanceOf(IllegalStateException.class);
    assertThat(next.memory()).isEqualTo(Memory.NONE);
    assertThatThrownBy(() -> home.remember(odd()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("home of iris: expected it open, got closed");
    assertThatThrownBy(home::lastGood).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> home.keep(artifact("1"), directory("1")))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void open_failing_releasesTheLock() throws IOException {
    Files.createDirectories(inside(""));
    Path file = Files.writeString(inside("versions"), "a file");
    assertThatThrownBy(this::open).isInstanceOf(IOException.class);
    Files.delete(file);
    assertThat(open().memory()).isEqualTo(Memory.NONE);
  }

  @Test
  void files_all_areTheOwnersOnly() throws IOException {
    assumeTrue(root.getFileSystem().supportedFileAttributeViews().contains("posix"));
    Files.createDirectories(inside(""));
    Files.setPosixFilePermissions(inside(""), PosixFilePermissions.fromString("rwxr-xr-x"));
    Home home = open();
    ModelArtifact artifact = artifact("1");
    home.keep(artifact, directory("1"));
    home.remember(odd().withLastGood(good(artifact)));
    try (Stream<Path> walk = Files.walk(inside(""))) {
      for (Path path : (Iterable<Path>) walk::iterator) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
            .as(path.toString())
            .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"..", ".", "", "a/b", "/etc", ".hidden", "a\0b"})
  void open_hostileModelName_isRefused(String model) {
    assertThatThrownBy(() -> Home.open(root, model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model name");
  }

  @Test
  void open_homeIsAFile_saysWhereAndWhy() throws IOException {
    Path file = Files.writeString(source.resolve("file"), "x");
    assertThatThrownBy(() -> Home.open(file, "iris"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(
            "home of iris: expected to read and write " + file.resolve("iris") + ", got ")
        .hasMessageContaining("Exception");
  }

  @Test
  void open_homeOfTheModelIsALink_isRefused() throws IOException {
    Files.createSymbolicLink(inside(""), source);
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("NotDirectoryException");
  }

  @Test
  void open_readOnlyDirectory_saysWhereAndWhy() throws IOException {
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("r-xr-xr-x"));
    try {
      assumeTrue(!Files.isWritable(root), "root writes everywhere");
      assertThatThrownBy(this::open)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("expected to read and write " + inside(""))
          .hasMessageContaining("AccessDeniedException");
    } finally {
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
    }
  }

  /** Nobody can write there, not even root. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void open_readOnlyFileSystem_saysWhereAndWhy() {
    assertThatThrownBy(() -> Home.open(Path.of("/proc/sys"), "iris"))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("home of iris: expected to read and write /proc/sys/iris, got ");
  }
}
