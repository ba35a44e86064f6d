package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A model body that holds its lane, when the row is {@code hold}, until it is opened. */
final class Gate implements AutoCloseable {
  private final CountDownLatch entered = new CountDownLatch(1);
  private final CountDownLatch opened = new CountDownLatch(1);

  /** A model whose run of the row {@code hold} waits at this gate. */
  FakeModel model(String version) {
    return new FakeModel(version, rows -> pass(version, rows));
  }

  List<Outcome<String>> pass(String version, List<? extends String> rows) throws Exception {
    if (rows.contains("hold")) {
      entered.countDown();
      opened.await();
    }
    return FakeModel.echo(version, rows);
  }

  void awaitEntered() throws InterruptedException {
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
  }

  void open() {
    opened.countDown();
  }

  @Override
  public void close() {
    open();
  }
}
