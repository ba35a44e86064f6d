package dev.inflight.micrometer;

import dev.inflight.ModelSlot;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.MemoryBudget;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What models do, as Micrometer meters: {@code InflightMetrics.of(deployment).bindTo(registry)}.
 * Registries read the statistics that models keep anyway, so a call costs nothing more. The guide
 * has the table of names and units.
 *
 * <p>A version has meters while it is here; what it counted goes to the series of {@code
 * version="retired"} when it is gone, and calls that met no version are in {@code version="none"}.
 * So there are never more series than versions that are resident need, and sums over all versions
 * are exact and never fall; a rate should leave {@code retired} out, because there all counts of a
 * version arrive at once.
 *
 * <p>A Prometheus registry gets histograms, and one snapshot each scrape. Other registries get
 * timers and percentiles of the last minute or two, from a snapshot that is up to a second old; a
 * version's meters are there from the first poll after it came. A composite registry is bound as a
 * whole, so registries that join it later are served too, unless a Prometheus registry is in it:
 * then each that is in it now is bound by itself.
 *
 * <p>Any thread. Keeps what it shows from being collected until it is closed.
 */
public final class InflightMetrics implements MeterBinder, AutoCloseable {
  private static final String PROMETHEUS =
      "io.micrometer.prometheusmetrics.PrometheusMeterRegistry";
  private static final boolean WITH_PROMETHEUS = isPresent(PROMETHEUS);

  private final List<Source> sources;
  private final LongSupplier nanos;
  private final List<Runnable> bindings = new ArrayList<>();

  InflightMetrics(List<Source> sources, LongSupplier nanos) {
    this.sources = List.copyOf(sources);
    this.nanos = nanos;
  }

  /** {@return metrics of these deployments: statistics, states of versions, canaries} */
  public static InflightMetrics of(Deployment<?, ?>... deployments) {
    return new InflightMetrics(
        Stream.of(deployments)
            .<Source>map(one -> new ModelSource(one::stats, () -> Optional.of(one.status())))
            .toList(),
        System::nanoTime);
  }

  /** {@return metrics of slots that no deployment has} */
  public static InflightMetrics of(ModelSlot<?, ?>... slots) {
    return new InflightMetrics(
        Stream.of(slots).<Source>map(one -> new ModelSource(one::stats, Optional::empty)).toList(),
        System::nanoTime);
  }

  /** {@return metrics of a budget and of what each version holds of it; one in a registry} */
  public static InflightMetrics of(MemoryBudget budget) {
    return new InflightMetrics(List.of(new BudgetSource(budget)), System::nanoTime);
  }

  /**
   * Shows everything in that registry, until {@link #close()}.
   *
   * @throws IllegalStateException if the registry shows a model of one of the names already, or
   *     another budget; nothing is bound then. Close what shows it first
   */
  @Override
  public void bindTo(MeterRegistry registry) {
    List<Runnable> bound = new ArrayList<>();
    try {
      for (MeterRegistry each : apart(registry)) {
        for (Source source : sources) {
          bound.add(bind(each, source));
        }
      }
    } catch (RuntimeException e) {
      bound.forEach(Runnable::run);
      throw e;
    }
    synchronized (bindings) {
      bindings.addAll(bound);
    }
  }

  private Runnable bind(MeterRegistry registry, Source source) {
    Sample.Key anchor = source.anchor().key();
    Tags tags = anchor.tags();
    if (registry.find(anchor.family().meter).tags(tags).meter() != null) {
      throw new IllegalStateException(
          anchor.family().meter
              + tags.stream().toList()
              + ": expected a registry that does not show it, got one that does; close the InflightMetrics that is bound to it");
    }
    return isPrometheus(registry)
        ? PrometheusBinding.begin(registry, source)
        : new MeterBinding(registry, source, nanos)::close;
  }

  private static List<MeterRegistry> apart(MeterRegistry registry) {
    if (registry instanceof CompositeMeterRegistry composite) {
      List<MeterRegistry> all =
          composite.getRegistries().stream().flatMap(one -> apart(one).stream()).toList();
      if (all.stream().anyMatch(InflightMetrics::isPrometheus)) {
        return all;
      }
    }
    return List.of(registry);
  }

  private static boolean isPrometheus(MeterRegistry registry) {
    return WITH_PROMETHEUS && PrometheusBinding.fits(registry);
  }

  private static boolean isPresent(String type) {
    @Nullable ClassLoader loader = InflightMetrics.class.getClassLoader();
    try {
      Class.forName(type, false, loader);
      return true;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /** Takes everything out of the registries that it was bound to; it may be bound again. */
  @Override
  public void close() {
    List<Runnable> all;
    synchronized (bindings) {
      all = List.copyOf(bindings);
      bindings.clear();
    }
    all.forEach(Runnable::run);
  }
}
