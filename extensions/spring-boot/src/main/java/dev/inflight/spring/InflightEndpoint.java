package dev.inflight.spring;

import dev.inflight.deploy.Deployment;
import dev.inflight.status.StatusPage;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * What the models do, and what an operator may do to them. {@code GET inflight} and {@code GET
 * inflight/name} answer what {@link StatusPage#json()} does; {@code POST inflight/name} takes
 * {@code {"action": "rollback", "reason": "why"}}.
 */
@Endpoint(id = "inflight")
public final class InflightEndpoint {
  private static final String JSON = "application/json";

  /** What was asked cannot be done as things stand. */
  private static final int CONFLICT = 409;

  private final InflightModels models;
  private final StatusPage all;
  private final Map<String, StatusPage> pages = new TreeMap<>();

  InflightEndpoint(InflightModels models) {
    this.models = models;
    all = StatusPage.of(models::all);
    models.deployments().forEach((name, deployment) -> pages.put(name, StatusPage.of(deployment)));
  }

  /** What may be done. */
  public enum Action {
    /** Back to the version before; what served is rejected. */
    ROLLBACK,
    /** A version must not serve. */
    REJECT,
    /** A version that failed or was rejected may be tried again. */
    CLEAR,
    /** The canary serves from now on. */
    PROMOTE,
    /** A version is wanted, whatever the policy says. */
    PIN,
    /** The policy decides again. */
    UNPIN
  }

  /** {@return all models, as JSON} */
  @ReadOperation(produces = JSON)
  public String status() {
    return all.json();
  }

  /** {@return one model, as JSON; null, which is 404, if there is none} */
  @ReadOperation(produces = JSON)
  public @Nullable String model(@Selector String model) {
    StatusPage page = pages.get(model);
    return page == null ? null : page.json();
  }

  /**
   * Does it.
   *
   * @param version which one; not needed for a rollback, a promotion and the end of a pin
   * @param reason for those who look later; needed for a rollback and a rejection
   * @return the model after it; 409 where it cannot be done now
   */
  @WriteOperation(produces = JSON)
  public WebEndpointResponse<Object> act(
      @Selector String model,
      Action action,
      @org.springframework.lang.Nullable String version, // Spring Boot 3 knows no other
      @org.springframework.lang.Nullable String reason) {
    Deployment<?, ?> deployment =
        models.deployment(model).orElseThrow(() -> refused("no model '" + model + "'"));
    try {
      switch (action) {
        case ROLLBACK -> deployment.rollback(said("reason", reason));
        case REJECT -> deployment.reject(said("version", version), said("reason", reason));
        case CLEAR -> deployment.clear(said("version", version));
        case PROMOTE -> deployment.promote();
        case PIN -> models.pin(model, said("version", version));
        case UNPIN -> models.unpin(model);
      }
      return new WebEndpointResponse<>(model(model));
    } catch (IllegalStateException e) {
      return new WebEndpointResponse<>(Map.of("error", String.valueOf(e.getMessage())), CONFLICT);
    } catch (IllegalArgumentException e) {
      throw refused(e.getMessage());
    }
  }

  private static String said(String what, @Nullable String text) {
    if (text == null || text.isBlank()) {
      throw refused("expected a " + what);
    }
    return text;
  }

  private static InvalidEndpointRequestException refused(@Nullable String message) {
    return new InvalidEndpointRequestException(String.valueOf(message), String.valueOf(message));
  }
}
