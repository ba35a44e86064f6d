package dev.inflight.deploy;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the listeners of one deployment, in order, off everybody's thread.
 *
 * <p>Invariant: while {@code waiting} is not empty one thread tells, or is about to; never two. A
 * listener that blocks keeps that thread and the events of its own deployment, nobody else's.
 */
final class Events {
  private static final Logger log = LoggerFactory.getLogger(Events.class);

  private final String model;
  private final List<DeploymentListener> listeners;
  private final Queue<Consumer<DeploymentListener>> waiting = new ArrayDeque<>(); // guarded by it
  private boolean telling; // guarded by waiting

  Events(String model, List<DeploymentListener> listeners) {
    this.model = model;
    this.listeners = listeners;
  }

  void moved(DeploymentStatus.Version now) {
    new FlightEvents.State(model, now).commit();
    tell(listener -> listener.onState(now));
  }

  void tell(Consumer<DeploymentListener> event) {
    if (listeners.isEmpty()) {
      return;
    }
    synchronized (waiting) {
      waiting.add(event);
      if (!telling) {
        Clockwork.events().execute(this::drain);
        telling = true; // after: where no thread can be had, the next event tries again
      }
    }
  }

  private void drain() {
    for (var event = next(); event != null; event = next()) {
      for (DeploymentListener listener : listeners) {
        tell(listener, event);
      }
    }
  }

  private @Nullable Consumer<DeploymentListener> next() {
    synchronized (waiting) {
      telling = !waiting.isEmpty();
      return waiting.poll();
    }
  }

  private static void tell(DeploymentListener listener, Consumer<DeploymentListener> event) {
    try {
      event.accept(listener);
    } catch (Throwable e) { // or the events behind it would wait for ever
      log.warn("deployment listener {} threw", listener.getClass(), e);
    }
  }
}
