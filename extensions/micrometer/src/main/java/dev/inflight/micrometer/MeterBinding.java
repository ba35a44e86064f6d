package dev.inflight.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * One source in a registry that polls meters. The first meter that is polled when the snapshot is
 * older than a second takes a new one, for all of them, and with it adds and removes meters.
 *
 * <p>Invariant: {@code meters} is what the registry has of this source; it is changed under the
 * lock only, and whoever polls meanwhile gets the snapshot before.
 */
final class MeterBinding {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The registry refers to the sample weakly, so a meter lives as long as this. */
  private record Shown(Meter meter, AtomicReference<Sample> sample) {}

  private final MeterRegistry registry;
  private final LongSupplier nanos;
  private final Board board;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Sample.Key, Shown> meters = new HashMap<>();
  private volatile long due;
  private boolean closed;

  MeterBinding(MeterRegistry registry, Source source, LongSupplier nanos) {
    this.registry = registry;
    this.nanos = nanos;
    board = new Board(source, true);
    due = nanos.getAsLong();
    freshen();
  }

  private void freshen() {
    if (nanos.getAsLong() - due < 0 || !lock.tryLock()) {
      return;
    }
    try {
      if (!closed && nanos.getAsLong() - due >= 0) {
        show(board.refresh());
        due = nanos.getAsLong() + FRESH_NANOS;
      }
    } finally {
      lock.unlock();
    }
  }

  private void show(Map<Sample.Key, Sample> now) {
    Iterator<Map.Entry<Sample.Key, Shown>> each = meters.entrySet().iterator();
    while (each.hasNext()) {
      Map.Entry<Sample.Key, Shown> shown = each.next();
      if (!now.containsKey(shown.getKey())) {
        registry.remove(shown.getValue().meter());
        each.remove();
      }
    }
    now.forEach(
        (key, sample) -> {
          Shown shown = meters.get(key);
          if (shown != null) {
            shown.sample().set(sample);
          } else {
            AtomicReference<Sample> cell = new AtomicReference<>(sample);
            meters.put(key, new Shown(register(key, cell), cell));
          }
        });
  }

  private Meter register(Sample.Key key, AtomicReference<Sample> cell) {
    Family family = key.family();
    Tags tags = key.tags();
    @Nullable String unit = family.unit.isEmpty() ? null : family.unit;
    return switch (family.kind) {
      case COUNTER, SIZES ->
          FunctionCounter.builder(family.meter, cell, fresh(Sample::sum))
              .tags(tags)
              .baseUnit(unit)
              .description(family.help)
              .register(registry);
      case GAUGE ->
          Gauge.builder(family.meter, cell, fresh(Sample::value))
              .tags(tags)
              .baseUnit(unit)
              .description(family.help)
              .register(registry);
      case SECONDS ->
          TimeGauge.builder(family.meter, cell, TimeUnit.NANOSECONDS, fresh(Sample::value))
              .tags(tags)
              .description(family.help)
              .register(registry);
      case TIMES, DURATIONS ->
          FunctionTimer.builder(
                  family.meter,
                  cell,
                  sample -> (long) fresh(Sample::count).applyAsDouble(sample),
                  fresh(Sample::sum),
                  TimeUnit.NANOSECONDS)
              .tags(tags)
              .description(family.help)
              .register(registry);
    };
  }

  private ToDoubleFunction<AtomicReference<Sample>> fresh(ToDoubleFunction<Sample> value) {
    return cell -> {
      freshen();
      return value.applyAsDouble(cell.get());
    };
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      meters.values().forEach(shown -> registry.remove(shown.meter()));
      meters.clear();
    } finally {
      lock.unlock();
    }
  }
}
