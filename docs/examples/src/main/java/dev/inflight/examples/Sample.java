package dev.inflight.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A held-out row and what is known of it. */
record Sample(Cell cell, String truth) {
  static List<Sample> read(Path csv) throws IOException {
    List<Sample> samples = new ArrayList<>();
    List<String> lines = Files.readAllLines(csv);
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(",", -1);
      float[] values = new float[fields.length - 1];
      for (int i = 0; i < values.length; i++) {
        values[i] = Float.parseFloat(fields[i]);
      }
      samples.add(new Sample(Cell.of(values), fields[fields.length - 1]));
    }
    return samples;
  }
}
