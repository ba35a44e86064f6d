package dev.inflight.micrometer;

import dev.inflight.deploy.MemoryBudget;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A memory budget and who holds how much of it. */
final class BudgetSource implements Source {
  private final MemoryBudget budget;

  BudgetSource(MemoryBudget budget) {
    this.budget = budget;
  }

  @Override
  public Sample anchor() {
    return limit(budget.usage());
  }

  private static Sample limit(MemoryBudget.Usage usage) {
    return bytes(Family.MEMORY_LIMIT, Tags.empty(), usage.limit());
  }

  @Override
  public List<Sample> read(boolean percentiles) {
    MemoryBudget.Usage usage = budget.usage();
    List<Sample> samples = new ArrayList<>();
    samples.add(limit(usage));
    samples.add(bytes(Family.MEMORY_USED, Tags.empty(), usage.used()));
    samples.add(bytes(Family.MEMORY_UNRELEASED, Tags.empty(), usage.unreleased()));
    // One version may be here twice: loaded again while it is being closed.
    Map<Tags, Long> held = new LinkedHashMap<>();
    for (MemoryBudget.Holder holder : usage.holders()) {
      Tags tags = ModelSource.tags(holder.deployment(), holder.version());
      held.merge(tags, holder.bytes(), Long::sum);
    }
    held.forEach((tags, bytes) -> samples.add(bytes(Family.MEMORY_HELD, tags, bytes)));
    return samples;
  }

  private static Sample bytes(Family family, Tags tags, long bytes) {
    return Sample.gauge(family, tags, (double) bytes);
  }
}
