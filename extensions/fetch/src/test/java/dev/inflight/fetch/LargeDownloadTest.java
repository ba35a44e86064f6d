package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A GiB goes through a heap that does not grow. */
@Tag("soak")
class LargeDownloadTest {
  private static final long LENGTH = 1L << 30;

  /** What is live, not what waits to be collected: measured behind a collection, ten times. */
  @Test
  void download_ofOneGib_keepsLessThan32Mib(@TempDir Path target) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] chunk = new byte[1 << 20];
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, LENGTH);
            for (long sent = 0; sent < LENGTH; sent += chunk.length) {
              exchange.getResponseBody().write(chunk);
            }
          }
        });
    server.start();
    long before = live();
    long[] most = {0};
    long[] looks = {0};
    long begin = System.nanoTime();
    Staging staging =
        new Staging(
            "m v1",
            target,
            FetchLimits.defaults(),
            progress -> {
              if (progress.bytes() >= (looks[0] + 1) * (100L << 20)) {
                looks[0]++;
                most[0] = Math.max(most[0], live() - before);
              }
            });
    staging.download(
        "model.onnx",
        Expected.bytes(LENGTH),
        HttpSource.of(HttpSource.Patience.defaults()),
        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/"));
    long millis = (System.nanoTime() - begin) / 1_000_000;
    server.stop(0);
    System.out.println("1 GiB in " + millis + " ms, heap + " + (most[0] >> 10) + " KiB");
    assertThat(Files.size(target.resolve("model.onnx"))).isEqualTo(LENGTH);
    assertThat(looks[0]).isEqualTo(10);
    assertThat(most[0]).isLessThan(32 << 20);
  }

  private static long live() {
    System.gc();
    List<MemoryPoolMXBean> pools = ManagementFactory.getMemoryPoolMXBeans();
    return pools.stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getUsage().getUsed())
        .sum();
  }
}
