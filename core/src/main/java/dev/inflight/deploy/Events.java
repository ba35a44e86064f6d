package dev.inflight.deploy;

import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the listeners of a deployment, in order, on the one thread for it. */
final class Events {
  private static final Logger log = LoggerFactory.getLogger(Events.class);

  private final List<DeploymentListener> listeners;

  Events(List<DeploymentListener> listeners) {
    this.listeners = listeners;
  }

  void tell(Consumer<DeploymentListener> event) {
    if (!listeners.isEmpty()) {
      Clockwork.events().execute(() -> listeners.forEach(listener -> tell(listener, event)));
    }
  }

  private static void tell(DeploymentListener listener, Consumer<DeploymentListener> event) {
    try {
      event.accept(listener);
    } catch (RuntimeException | LinkageError | AssertionError e) {
      log.warn("deployment listener {} threw", listener.getClass(), e);
    }
  }
}
