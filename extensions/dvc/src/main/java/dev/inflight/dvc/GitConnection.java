package dev.inflight.dvc;

import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Staging;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Proxy;
import java.net.URL;
import java.time.Duration;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.eclipse.jgit.transport.http.HttpConnection;
import org.eclipse.jgit.transport.http.HttpConnectionFactory;
import org.eclipse.jgit.transport.http.JDKHttpConnection;
import org.jspecify.annotations.Nullable;

/**
 * One request to a Git server, of which no more is read than was allowed, compressed or not, and no
 * longer. Redirects are refused, as {@link HttpSource} does; so is a server that is none of Git's.
 */
final class GitConnection extends JDKHttpConnection {
  /** A whole fetch, however steadily it drips. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final String ENCODING = "Content-Encoding";

  private final HttpSource.Patience patience;
  private final long most;

  private GitConnection(URL url, @Nullable Proxy proxy, HttpSource.Patience patience, long most)
      throws IOException {
    super(url, proxy == null ? Proxy.NO_PROXY : proxy);
    this.patience = patience;
    this.most = most;
    setConnectTimeout(0);
    setReadTimeout(0);
  }

  /** {@return a maker of such connections, for at most {@code most} bytes each} */
  static HttpConnectionFactory factory(HttpSource.Patience patience, long most) {
    return new HttpConnectionFactory() {
      @Override
      public HttpConnection create(URL url) throws IOException {
        return new GitConnection(url, null, patience, most);
      }

      @Override
      public HttpConnection create(URL url, Proxy proxy) throws IOException {
        return new GitConnection(url, proxy, patience, most);
      }
    };
  }

  private static int millis(Duration duration) {
    return (int) Math.min(Math.max(duration.toMillis(), 1), Integer.MAX_VALUE);
  }

  /** Ours, which may be shorter than the second that JGit knows. */
  @Override
  public void setConnectTimeout(int timeout) {
    super.setConnectTimeout(millis(patience.connect()));
  }

  @Override
  public void setReadTimeout(int timeout) {
    super.setReadTimeout(millis(patience.stall()));
  }

  @Override
  public int getResponseCode() throws IOException {
    int status = super.getResponseCode();
    if (REDIRECTS.contains(status)) {
      throw new IOException(
          "expected no redirect, got status " + status + ": use the address that it leads to");
    }
    return status;
  }

  @Override
  public InputStream getInputStream() throws IOException {
    String type = String.valueOf(getContentType());
    if (!type.startsWith("application/x-git-")) {
      // A server of plain files would make us ask for one object after the other.
      throw new IOException(
          "expected the smart protocol of Git, got type '" + Staging.printable(type) + "'");
    }
    InputStream in = super.getInputStream();
    String encoding = String.valueOf(super.getHeaderField(ENCODING));
    return new Bounded(encoding.endsWith("gzip") ? new GZIPInputStream(in) : in, most);
  }

  /** What {@link #getInputStream} unpacked is not packed any more. */
  @Override
  public @Nullable String getHeaderField(String name) {
    return name.equalsIgnoreCase(ENCODING) ? null : super.getHeaderField(name);
  }

  /** Ends with an error behind so many bytes or so much time. */
  private static final class Bounded extends FilterInputStream {
    private final long most;
    private final long end = System.nanoTime() + LONGEST.toNanos();
    private long left;

    Bounded(InputStream in, long most) {
      super(in);
      this.most = most;
      left = most;
    }

    private void count(long bytes) throws IOException {
      left -= Math.max(bytes, 0);
      if (left < 0) {
        throw new IOException("expected at most " + most + " bytes, got more");
      }
      if (System.nanoTime() - end > 0) {
        throw new IOException("expected the end within " + LONGEST.toMinutes() + " min");
      }
    }

    @Override
    public int read() throws IOException {
      int b = super.read();
      count(b < 0 ? 0 : 1);
      return b;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int n = super.read(bytes, offset, length);
      count(n);
      return n;
    }

    @Override
    public long skip(long n) throws IOException {
      long skipped = super.skip(n);
      count(skipped);
      return skipped;
    }
  }
}
