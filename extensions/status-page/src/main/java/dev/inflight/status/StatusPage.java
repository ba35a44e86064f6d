package dev.inflight.status;

import dev.inflight.deploy.Deployment;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Shows what deployments do: one HTML document that needs nothing else, or the same as JSON. It
 * only reads, and shows no inputs and no answers; who may see it is for the server to decide.
 *
 * <p>Rates and latencies are of the last minute: each call keeps what it saw for the next ones, so
 * the first one shows everything since the model was taken in. Safe for several threads; a call
 * takes about a millisecond for each model and does not disturb predictions.
 */
public final class StatusPage {
  private final Supplier<? extends Collection<? extends Source>> sources;

  /** Of each source that was there last time. Guarded by this. */
  private Map<Object, Past> pasts = new HashMap<>();

  StatusPage(Supplier<? extends Collection<? extends Source>> sources) {
    this.sources = sources;
  }

  /** {@return a page of these, in this order} */
  public static StatusPage of(Deployment<?, ?>... deployments) {
    List<Deployment<?, ?>> fixed = List.of(deployments);
    return of(() -> fixed);
  }

  /** {@return a page of those that {@code deployments} gives, asked at every call} */
  public static StatusPage of(
      Supplier<? extends Collection<? extends Deployment<?, ?>>> deployments) {
    return new StatusPage(() -> deployments.get().stream().map(Source::of).toList());
  }

  /**
   * {@return an HTML document} It fetches its own address every two seconds to update itself; where
   * scripts are off it reloads every ten. Serve it as {@code text/html; charset=utf-8}, uncached,
   * with {@link #contentSecurityPolicy()}.
   */
  public String html() {
    return Document.of(looks());
  }

  /**
   * {@return the same as a JSON object} Durations are nanoseconds or what their names say, moments
   * ISO 8601, ratios 0 to 1; what is not known is null.
   */
  public String json() {
    return Json.of(Tree.of(looks()));
  }

  /**
   * {@return the value of a {@code Content-Security-Policy} header under which the page works: its
   * own style and script by their hashes, and nothing else}
   */
  public static String contentSecurityPolicy() {
    return Document.CONTENT_SECURITY_POLICY;
  }

  private synchronized List<Look> looks() {
    Map<Object, Past> next = new HashMap<>();
    List<Look> looks =
        sources.get().stream()
            .map(
                source -> {
                  Past past = pasts.getOrDefault(source.key(), new Past());
                  next.put(source.key(), past);
                  return past.look(source.status().get(), source.stats().get());
                })
            .toList();
    pasts = next;
    return looks;
  }
}
