package dev.inflight.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.StatusException;
import java.io.IOException;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** Whether a server lets the store itself hand out the files; it is asked until it says no. */
final class PresignedUrls {
  private volatile boolean refused;

  /** {@return where to fetch a file from without credentials; null if only from the server} */
  @Nullable URI find(HttpSource http, URI question) throws IOException {
    if (refused) {
      return null;
    }
    try {
      JsonNode answer = Json.read(http.text(question), question.getPath());
      String url = answer.path("url").asText("");
      boolean plain = answer.path("headers").isEmpty() && url.matches("https?://.*");
      return plain ? URI.create(url) : null;
    } catch (StatusException e) {
      // Older servers have no such route, and not every store can do it.
      refused = e.isFinal() || e.status() == 501 || e.status() == 503;
      if (refused) {
        return null;
      }
      throw e;
    } catch (IllegalArgumentException e) {
      throw new IOException("presigned address of MLflow: expected a URI, got none", e);
    }
  }
}
