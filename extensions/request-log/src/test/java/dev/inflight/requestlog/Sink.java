package dev.inflight.requestlog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A stream that can be held, and can fail. */
final class Sink extends OutputStream {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CountDownLatch inside = new CountDownLatch(1);
  private volatile CountDownLatch go = new CountDownLatch(0);
  private volatile boolean fails;
  private volatile boolean closed;

  void hold() {
    go = new CountDownLatch(1);
  }

  void letGo() {
    go.countDown();
  }

  void awaitInside() throws InterruptedException {
    assertThat(inside.await(20, TimeUnit.SECONDS)).isTrue();
  }

  void fail(boolean now) {
    fails = now;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] line, int offset, int length) throws IOException {
    inside.countDown();
    boolean interrupted = false;
    while (go.getCount() > 0) {
      try {
        go.await();
      } catch (InterruptedException e) {
        interrupted = true; // as a disk would
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    synchronized (bytes) {
      if (fails) {
        bytes.write(line, offset, length / 2);
        throw new IOException("disk full");
      }
      bytes.write(line, offset, length);
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  String text() {
    synchronized (bytes) {
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }

  List<Map<String, Object>> records() {
    return Json.lines(text());
  }
}
