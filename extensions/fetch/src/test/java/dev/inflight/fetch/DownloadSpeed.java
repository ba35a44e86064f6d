package dev.inflight.fetch;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * How fast a gigabyte arrives, beside {@code curl} and by turns with it, from a server in another
 * process that does nothing but {@code sendfile}; and what of the heap it keeps. Not a test: its
 * figures are in {@code docs/decisions/011-s3-by-signed-addresses.md}.
 *
 * <p>Arguments: a directory, such as one on a disk or {@code /dev/shm}; how many rounds.
 */
final class DownloadSpeed {
  private static final long LENGTH = 1L << 30;

  private DownloadSpeed() {}

  public static void main(String... args) throws Exception {
    if (args[0].equals("serve")) {
      serve(Path.of(args[1]));
      return;
    }
    Path directory = Files.createTempDirectory(Path.of(args[0]), "download-speed");
    Process server = null;
    try {
      Path file = write(directory.resolve("model.onnx"));
      server =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin/java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  DownloadSpeed.class.getName(),
                  "serve",
                  file.toString())
              .redirectError(Redirect.INHERIT)
              .start();
      String port = server.inputReader().readLine();
      compare(directory, URI.create("http://127.0.0.1:" + port + "/"), Integer.parseInt(args[1]));
    } finally {
      if (server != null) {
        server.destroy();
      }
      delete(directory);
    }
  }

  private static Path write(Path file) throws IOException {
    byte[] chunk = new byte[1 << 20];
    new Random(1).nextBytes(chunk);
    try (var out = Files.newOutputStream(file)) {
      for (long n = 0; n < LENGTH; n += chunk.length) {
        out.write(chunk);
      }
    }
    return file;
  }

  private static void serve(Path file) throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open();
        FileChannel source = FileChannel.open(file)) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      System.out.println(((InetSocketAddress) server.getLocalAddress()).getPort());
      while (true) {
        try (SocketChannel client = server.accept()) {
          client.read(ByteBuffer.allocate(8192)); // the request, which is small
          String head =
              "HTTP/1.1 200 OK\r\nContent-Length: " + LENGTH + "\r\nConnection: close\r\n\r\n";
          client.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
          for (long sent = 0; sent < LENGTH; ) {
            sent += source.transferTo(sent, LENGTH - sent, client);
          }
        }
      }
    }
  }

  private static void compare(Path directory, URI uri, int rounds) throws Exception {
    double[] ours = new double[rounds];
    double[] curls = new double[rounds];
    long[] heap = {0};
    download(uri, directory.resolve("by-us"), lookingAtTheHeap(heap)); // and to warm up
    for (int i = 0; i < rounds; i++) {
      curls[i] = timed(() -> curl(uri, directory.resolve("by-curl")));
      ours[i] = timed(() -> download(uri, directory.resolve("by-us"), FetchListener.NONE));
      System.out.printf("curl %.0f MiB/s, inflight %.0f MiB/s%n", 1024 / curls[i], 1024 / ours[i]);
    }
    Arrays.sort(ours);
    Arrays.sort(curls);
    System.out.printf(
        "median: curl %.0f MiB/s, inflight %.0f MiB/s, ratio %.2f; live heap + %d KiB at most%n",
        1024 / curls[rounds / 2],
        1024 / ours[rounds / 2],
        curls[rounds / 2] / ours[rounds / 2],
        heap[0] >> 10);
  }

  private interface Step {
    void run() throws Exception;
  }

  private static double timed(Step step) throws Exception {
    long begin = System.nanoTime();
    step.run();
    return (System.nanoTime() - begin) / 1e9;
  }

  private static void curl(URI uri, Path file) throws Exception {
    int status =
        new ProcessBuilder("curl", "-s", "-o", file.toString(), uri.toString()).start().waitFor();
    if (status != 0) {
      throw new IOException("curl: expected status 0, got " + status);
    }
    Files.delete(file);
  }

  private static void download(URI uri, Path target, FetchListener listener) throws IOException {
    Files.createDirectory(target);
    new Staging("m v1", target, FetchLimits.defaults(), listener)
        .download(
            "model.onnx",
            Expected.bytes(LENGTH),
            HttpSource.of(HttpSource.Patience.defaults()),
            uri);
    delete(target);
  }

  /** Behind a collection, ten times. */
  private static FetchListener lookingAtTheHeap(long[] most) {
    long before = live();
    long[] looks = {0};
    return progress -> {
      if (progress.bytes() >= (looks[0] + 1) * (LENGTH / 11)) {
        looks[0]++;
        most[0] = Math.max(most[0], live() - before);
      }
    };
  }

  private static long live() {
    System.gc();
    List<MemoryPoolMXBean> pools = ManagementFactory.getMemoryPoolMXBeans();
    return pools.stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .mapToLong(pool -> pool.getUsage().getUsed())
        .sum();
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    }
  }
}
