package dev.inflight.examples;

/** A row of the breast cancer data set: component names match the columns of both models. */
record Cell(
    float meanRadius,
    float meanTexture,
    float meanPerimeter,
    float meanArea,
    float meanSmoothness,
    float meanCompactness,
    float meanConcavity,
    float meanConcavePoints,
    float meanSymmetry,
    float meanFractalDimension) {

  /** From the ten numbers of a CSV line. */
  static Cell of(float[] v) {
    return new Cell(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]);
  }
}
