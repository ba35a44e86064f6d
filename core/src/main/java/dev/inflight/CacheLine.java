package dev.inflight;

/**
 * Room before the fields of a subclass, so that what one thread writes is not beside what another
 * one does: two lanes in one cache line cost each other half a microsecond a call. The JVM puts the
 * fields of a superclass first.
 */
@SuppressWarnings("unused")
class CacheLine {
  private long p0;
  private long p1;
  private long p2;
  private long p3;
  private long p4;
  private long p5;
  private long p6;
  private long p7;
  private long q0;
  private long q1;
  private long q2;
  private long q3;
  private long q4;
  private long q5;
  private long q6;
  private long q7;
}
