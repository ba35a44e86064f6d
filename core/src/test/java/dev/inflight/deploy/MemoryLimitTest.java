package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits of control groups, from fake directories. */
class MemoryLimitTest {
  @TempDir private Path directory;

  private MemoryLimit limit(String membership) throws IOException {
    Path self = directory.resolve("self");
    Files.writeString(self, membership);
    return new MemoryLimit(directory.resolve("cgroup"), self);
  }

  private void write(String file, String content) throws IOException {
    Path path = directory.resolve("cgroup").resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content);
  }

  @Test
  void bytes_version2InItsOwnNamespace_isThatOfTheMount() throws IOException {
    write("memory.max", "536870912\n");
    assertThat(limit("0::/\n").bytes()).hasValue(536_870_912);
  }

  @Test
  void bytes_version2Nested_isTheLeastUpToTheRoot() throws IOException {
    write("a/memory.max", "1000\n");
    write("a/b/memory.max", "max\n");
    write("a/b/c/memory.max", "2000\n");
    assertThat(limit("0::/a/b/c\n").bytes()).hasValue(1_000);
    assertThat(limit("0::/a/b/d\n").bytes()).as("gone, its parents are not").hasValue(1_000);
    assertThat(limit("0::/../../a\n").bytes()).as("outside of the namespace").isEmpty();
  }

  @Test
  void bytes_version1_isThatOfTheMemoryController() throws IOException {
    write("memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("memory/docker/x/memory.limit_in_bytes", "4096\n");
    write("cpu/docker/y/memory.limit_in_bytes", "1\n");
    assertThat(limit("5:cpu,cpuacct:/docker/y\n4:memory:/docker/x\n0::/\n").bytes())
        .hasValue(4_096);
    assertThat(limit("4:memory:/\n").bytes()).as("none").isEmpty();
  }

  @Test
  void bytes_hybrid_isTheLesser() throws IOException {
    write("memory/memory.limit_in_bytes", "4096\n");
    write("unified/u/memory.max", "2048\n");
    assertThat(limit("3:memory:/\n0::/u\n").bytes()).hasValue(2_048);
  }

  @Test
  void bytes_unreadableOrStrange_isEmpty() throws IOException {
    write("memory.max", "9999999999999999999\n");
    assertThat(limit("0::/\nstrange\n").bytes()).isEmpty();
    write("memory.max", "");
    assertThat(limit("0::/\n").bytes()).isEmpty();
    Path nowhere = directory.resolve("nowhere");
    assertThat(new MemoryLimit(nowhere, nowhere).bytes()).isEmpty();
  }

  @Test
  void besideHeap_share_isLessTheHeap() {
    assertThat(MemoryLimit.besideHeap(.75, 1_000, 300)).isEqualTo(450);
    assertThatThrownBy(() -> MemoryLimit.besideHeap(.5, 4L << 30, 2L << 30))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("0.5 of 4096.0 MiB, got a heap of up to 2048.0 MiB");
    for (double wrong : new double[] {0, 1.01, Double.NaN}) {
      assertThatThrownBy(() -> MemoryLimit.besideHeap(wrong, 1_000, 300))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void ofContainer_here_isLessThanTheMachineHas() {
    assertThat(MemoryBudget.ofContainer(1).usage().limit()).isBetween(1L, 1L << 50);
    assertThatThrownBy(() -> MemoryBudget.of(0)).hasMessageContaining("got 0");
  }
}
