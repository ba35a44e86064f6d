package dev.inflight.mlflow;

import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Presigner;
import dev.inflight.fetch.Staging;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** From what is wanted to where its files are; registrations may lead to others, a few times. */
final class ModelLocator {
  private static final int MAX_HOPS = 5;

  private final MlflowServer server;
  private final HttpSource http;
  private final Optional<Path> local;
  private final Optional<Presigner> presigner;
  private final PresignedUrls presigned = new PresignedUrls();

  /**
   * @param http for stores that are not the server: without its credentials
   */
  ModelLocator(
      MlflowServer server, HttpSource http, Optional<Path> local, Optional<Presigner> presigner) {
    this.server = server;
    this.http = http;
    this.local = local;
    this.presigner = presigner;
  }

  ArtifactStore locate(MlflowReference wanted, Staging staging) throws IOException {
    MlflowReference next = wanted;
    for (int hops = 0; hops < MAX_HOPS; hops++) {
      Object found = step(next, staging);
      if (found instanceof ArtifactStore store) {
        return store;
      }
      next = (MlflowReference) found;
    }
    throw staging.missing("expected its source within " + MAX_HOPS + " steps, got " + next);
  }

  /** A store, or the next reference. */
  private Object step(MlflowReference reference, Staging staging) throws IOException {
    if (reference instanceof MlflowReference.Version version) {
      return ofVersion(version, staging);
    }
    if (reference instanceof MlflowReference.Logged logged) {
      return ofLogged(
          server
              .logged(logged.id())
              .orElseThrow(() -> staging.missing("expected logged model " + logged.id())));
    }
    if (reference instanceof MlflowReference.Run run) {
      return ofRun(run, staging);
    }
    throw new IllegalStateException("not resolved: " + reference);
  }

  private ArtifactStore ofLogged(MlflowServer.Logged model) throws IOException {
    ArtifactStore store = direct(model.artifacts());
    return store != null
        ? store
        : signed(new ArtifactStore.OfLogged(server, model.id()), model.artifacts());
  }

  private Object ofVersion(MlflowReference.Version version, Staging staging) throws IOException {
    String address = server.downloadUri(version.name(), version.version());
    if (address.startsWith("models:/") || address.startsWith("runs:/")) {
      return parsed(address, staging);
    }
    ArtifactStore store = direct(address);
    if (store != null) {
      return store;
    }
    // A store that only the server can read: by the logged model or the run it belongs to.
    MlflowServer.Version found =
        server
            .version(version.name(), version.version())
            .orElseThrow(() -> staging.missing("expected " + version));
    if (found.source().startsWith("models:/") || found.source().startsWith("runs:/")) {
      return parsed(found.source(), staging);
    }
    if (!found.run().isEmpty()) {
      String root = server.run(found.run()).map(MlflowServer.Run::artifacts).orElse("");
      if (!root.isEmpty() && address.startsWith(root + "/")) {
        String path = address.substring(root.length() + 1);
        return signed(new ArtifactStore.OfRun(server, found.run(), path), address);
      }
    }
    throw unreadable(address, staging);
  }

  private ArtifactStore ofRun(MlflowReference.Run run, Staging staging) throws IOException {
    MlflowServer.Run found =
        server.run(run.run()).orElseThrow(() -> staging.missing("expected run " + run.run()));
    // MLflow 3 keeps models beside their run; run and name still lead to them.
    for (String id : found.models()) {
      Optional<MlflowServer.Logged> model = server.logged(id);
      if (model.isPresent() && model.get().name().equals(run.path())) {
        return ofLogged(model.get());
      }
    }
    String address = found.artifacts() + "/" + run.path();
    ArtifactStore store = direct(address);
    return store != null
        ? store
        : signed(new ArtifactStore.OfRun(server, run.run(), run.path()), address);
  }

  /** The store itself hands out the files, if somebody can sign its addresses. */
  private ArtifactStore signed(ArtifactStore listing, String root) {
    return presigner.isPresent() && ArtifactStore.Signed.fits(root)
        ? new ArtifactStore.Signed(listing, root, presigner.get(), http)
        : listing;
  }

  private static MlflowReference parsed(String address, Staging staging) {
    try {
      return MlflowReference.parse(address);
    } catch (IllegalArgumentException e) {
      throw staging.missing(String.valueOf(e.getMessage()));
    }
  }

  /** A store that can be read without asking what belongs to whom; null if there is none. */
  private @Nullable ArtifactStore direct(String address) throws IOException {
    if (address.startsWith("mlflow-artifacts:")) {
      return ArtifactStore.Proxied.of(server, address, presigned);
    }
    Path path = ArtifactStore.Local.path(address);
    if (path != null && local.isPresent()) {
      Path real = path.toRealPath(); // a link must not lead out of what was allowed
      return real.startsWith(local.get().toRealPath()) ? new ArtifactStore.Local(real) : null;
    }
    return null;
  }

  private static RuntimeException unreadable(String address, Staging staging) {
    int colon = address.indexOf(':');
    String scheme = colon > 0 ? address.substring(0, colon) : "a path";
    return staging.missing(
        "expected files that MLflow lists (of a run, of a logged model, mlflow-artifacts), or a"
            + " directory allowed with withLocalArtifacts, got a store of scheme "
            + Staging.printable(scheme)
            + " and no run or logged model that it belongs to");
  }
}
