package dev.inflight.spring;

import dev.inflight.status.StatusPage;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;

/** {@code GET inflightpage}: the {@link StatusPage} of all models. */
@WebEndpoint(id = "inflightpage")
public final class InflightPageEndpoint {
  private final StatusPage page;

  InflightPageEndpoint(InflightModels models) {
    page = StatusPage.of(models::all);
  }

  /** {@return the page} */
  @ReadOperation(produces = "text/html;charset=UTF-8")
  public String page() {
    return page.html();
  }
}
