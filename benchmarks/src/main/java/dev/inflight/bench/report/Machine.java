package dev.inflight.bench.report;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where and with what was measured. */
public final class Machine {
  private static final List<String> PEERS =
      List.of("onnxruntime", "onnxruntime-engine", "tribuo-core", "pmml-evaluator", "lightgbm4j");
  private static final double GIB = 1L << 20;

  private Machine() {}

  /** {@return processor, memory, JDK} */
  public static String description() {
    return String.format(
        Locale.ROOT,
        "%s, %d cores, %.0f GiB; %s; JDK %s (%s); %s",
        first("/proc/cpuinfo", "model name\\s*:\\s*(.+)", "unknown processor"),
        Runtime.getRuntime().availableProcessors(),
        Double.parseDouble(first("/proc/meminfo", "MemTotal:\\s*(\\d+) kB", "0")) / GIB,
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        Runtime.version(),
        System.getProperty("java.vendor"),
        LocalDate.now(ZoneOffset.UTC));
  }

  /** {@return the version of ONNX Runtime that runs, and of every jar that is measured} */
  public static String versions() {
    StringBuilder text =
        new StringBuilder("ONNX Runtime ").append(OrtEnvironment.getEnvironment().getVersion());
    String path = System.getProperty("java.class.path");
    for (String peer : PEERS) {
      Matcher jar = Pattern.compile("[/\\\\]" + peer + "-([0-9][^/\\\\]*?)\\.jar").matcher(path);
      if (jar.find()) {
        String name = peer.equals("onnxruntime-engine") ? "DJL" : peer;
        text.append(", ").append(name).append(' ').append(jar.group(1));
      }
    }
    return text.toString();
  }

  private static String first(String file, String pattern, String otherwise) {
    try {
      Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(Path.of(file)));
      return matcher.find() ? matcher.group(1) : otherwise;
    } catch (IOException e) {
      return otherwise;
    }
  }
}
