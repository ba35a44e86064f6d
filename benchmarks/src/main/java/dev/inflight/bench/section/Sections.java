package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.call.DjlModel;
import dev.inflight.bench.report.Result;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All sections by name, in the order they are run; and the main of the JVM that runs one. */
public final class Sections {
  private static final Map<String, Section> ALL = new LinkedHashMap<>();

  static {
    ALL.put(SingleSection.NAME, new SingleSection());
    ALL.put(PeersSection.NAME, new PeersSection());
    ALL.put(BatchingSection.NAME, new BatchingSection());
    ALL.put(ConcurrencySection.NAME, new ConcurrencySection());
    ALL.put(LatencySection.NAME, new LatencySection());
    ALL.put(BulkSection.NAME, new BulkSection());
    ALL.put(LeaseSection.NAME, new LeaseSection());
    ALL.put(SwapSection.NAME, new SwapSection());
    ALL.put(StatisticsSection.NAME, new StatisticsSection());
  }

  private Sections() {}

  /** {@return their names} */
  public static List<String> names() {
    return List.copyOf(ALL.keySet());
  }

  /** Arguments: the name, {@code short} or {@code full}, the file to write. */
  public static void main(String... args) throws Exception {
    Section section = ALL.get(args[0]);
    if (section == null) {
      throw new IllegalArgumentException("section: expected one of " + names() + ": " + args[0]);
    }
    DjlModel.claimEnvironment();
    try (BufferedWriter out = Files.newBufferedWriter(Path.of(args[2]))) {
      section.run(Profile.of(args[1].equals("short")), result -> write(out, result));
    }
  }

  /** At once, so that a crash loses nothing. */
  private static void write(BufferedWriter out, Result result) {
    try {
      out.write(result.line());
      out.newLine();
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
