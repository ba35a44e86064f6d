package dev.inflight.requestlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Predictor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotatingFileTest {
  @TempDir Path directory;

  private static byte[] line(String text) {
    return (text + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private Path file(String name) {
    return directory.resolve("logs").resolve(name);
  }

  @Test
  void write_untilFull_keepsSoManyOlderFilesAndNoneTooLarge() throws IOException {
    RotatingFile file = new RotatingFile(file("r.jsonl"), 10, 2);
    for (int i = 0; i < 9; i++) {
      file.write(line("rec" + i)); // five bytes: two fit
    }
    file.close();
    assertThat(Files.readAllLines(file("r.jsonl"))).containsExactly("rec8");
    assertThat(Files.readAllLines(file("r.jsonl.1"))).containsExactly("rec6", "rec7");
    assertThat(Files.readAllLines(file("r.jsonl.2"))).containsExactly("rec4", "rec5");
    try (Stream<Path> all = Files.list(directory.resolve("logs"))) {
      assertThat(all).hasSize(3);
    }
  }

  @Test
  void write_nothingKept_isOneFile() throws IOException {
    RotatingFile file = new RotatingFile(file("r.jsonl"), 10, 0);
    for (int i = 0; i < 5; i++) {
      file.write(line("rec" + i));
    }
    file.close();
    assertThat(Files.readAllLines(file("r.jsonl"))).containsExactly("rec4");
    assertThat(file("r.jsonl.1")).doesNotExist();
  }

  @Test
  void write_afterACrashHalfWay_beginsALine() throws IOException {
    Files.createDirectories(directory.resolve("logs"));
    Files.writeString(file("r.jsonl"), "whole\n{\"to");
    RotatingFile file = new RotatingFile(file("r.jsonl"), 100, 1);
    file.write(line("next"));
    file.close();
    assertThat(Files.readAllLines(file("r.jsonl"))).containsExactly("whole", "{\"to", "next");
  }

  @Test
  void write_directoryIsInTheWay_failsAndTriesAnew() throws IOException {
    Files.createDirectories(file("r.jsonl"));
    RotatingFile file = new RotatingFile(file("r.jsonl"), 100, 1);
    assertThatThrownBy(() -> file.write(line("lost"))).isInstanceOf(IOException.class);
    Files.delete(file("r.jsonl"));
    file.write(line("kept"));
    file.close();
    assertThat(Files.readAllLines(file("r.jsonl"))).containsExactly("kept");
  }

  @Test
  void write_longerThanAFileMayBe_isRefused() {
    RotatingFile file = new RotatingFile(file("r.jsonl"), 4, 1);
    assertThatThrownBy(() -> file.write(line("12345"))).hasMessageContaining("at most 4 bytes");
  }

  @Test
  void log_toAFile_everyLineOfEveryFileParses() throws IOException {
    Path path = file("calls.jsonl");
    try (RequestLog log = RequestLog.to(path, 2_000, 100).sampling(Sampling.rate(1)).start()) {
      Predictor<Double, Double> predictor =
          log.around(
              "double",
              Predictor.of((Double x) -> 2 * x),
              new Disclosure<>(x -> Map.of("x", x), y -> Map.of("y", y)));
      for (int i = 0; i < 200; i++) {
        predictor.predict(i + 0.5);
      }
      log.close(Duration.ofSeconds(20));
      assertThat(log.stats()).isEqualTo(new RequestLogStats(200, 200, 0, 0, 0, 0));
    }
    int records = 0;
    try (Stream<Path> all = Files.list(directory.resolve("logs"))) {
      List<Path> files = all.toList();
      assertThat(files).hasSizeGreaterThan(20);
      for (Path one : files) {
        assertThat(Files.size(one)).isLessThanOrEqualTo(2_000);
        records += Json.lines(Files.readString(one)).size();
      }
    }
    assertThat(records).isEqualTo(200);
  }
}
