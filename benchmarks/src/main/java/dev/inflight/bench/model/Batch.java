package dev.inflight.bench.model;

import java.util.List;

/** Some rows, in every form that a variant may want them in. */
public final class Batch {
  /** Each row by itself. */
  public final float[][] rows;

  /** One after the other. */
  public final float[] flat;

  /** The same rows as a list. */
  public final List<float[]> list;

  /** Over those rows. */
  public Batch(float[][] rows) {
    this.rows = rows;
    int width = rows[0].length;
    flat = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    list = List.of(rows);
  }
}
