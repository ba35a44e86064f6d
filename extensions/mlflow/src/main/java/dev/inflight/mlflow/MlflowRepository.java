package dev.inflight.mlflow;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.fetch.FetchLimits;
import dev.inflight.fetch.FetchListener;
import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.OmsRoot;
import dev.inflight.fetch.Presigner;
import dev.inflight.fetch.Staging;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Versions and aliases of an MLflow registry, 2.x or 3.x. The name that is asked for is that of the
 * registered model, unless this {@linkplain #following follows} an address.
 *
 * <p>MLflow keeps no digests. A version with the tag {@value OmsRoot#TAG} is served if its files
 * have that root digest (of OpenSSF Model Signing), and refused else; one without is taken as it
 * came the first time, and refused if this object later gets other bytes for it.
 *
 * <p>Models that only Python can run are refused before they are downloaded. Immutable; safe for
 * several threads.
 */
public final class MlflowRepository implements ModelRepository {
  private static final int REMEMBERED = 1_000;

  /** What can be said of it; copied before it is changed, never after. */
  private static final class Settings {
    private final URI uri;
    private HttpSource http; // a client with threads: made once, not for each copy
    private Optional<String> authorization = Optional.empty();
    private FetchLimits limits = FetchLimits.defaults();
    private FetchListener listener = FetchListener.NONE;
    private Optional<Path> local = Optional.empty();
    private Optional<Presigner> presigner = Optional.empty();
    private Optional<MlflowReference> reference = Optional.empty();
    private boolean digestRequired;

    Settings(URI uri, HttpSource http) {
      this.uri = uri;
      this.http = http;
    }

    Settings copy() {
      Settings copy = new Settings(uri, http);
      copy.authorization = authorization;
      copy.limits = limits;
      copy.listener = listener;
      copy.local = local;
      copy.presigner = presigner;
      copy.reference = reference;
      copy.digestRequired = digestRequired;
      return copy;
    }
  }

  private final Settings settings;
  private final MlflowServer server;
  private final ModelLocator locator;

  /** Digest of what came first, by identity. */
  private final Map<String, String> first =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
          return size() > REMEMBERED;
        }
      };

  private MlflowRepository(Settings settings) {
    this.settings = settings;
    HttpSource http = settings.http;
    if (settings.authorization.isPresent()) {
      http = http.withAuthorization(settings.uri, settings.authorization.get());
    }
    server = new MlflowServer(http, settings.uri);
    locator = new ModelLocator(server, settings.http, settings.local, settings.presigner);
  }

  /**
   * {@return the registry of a tracking server, without credentials; nothing is read yet}
   *
   * @param server such as {@code http://mlflow:5000}
   * @throws IllegalArgumentException if it is not an http or https address with a host
   */
  public static MlflowRepository at(URI server) {
    String scheme = String.valueOf(server.getScheme());
    if (!scheme.matches("(?i)https?") || server.getHost() == null || server.getQuery() != null) {
      throw new IllegalArgumentException(
          "MLflow server: expected an address such as http://mlflow:5000, got one of scheme '"
              + scheme
              + "'");
    }
    String user = server.getUserInfo();
    URI plain =
        URI.create(
            server.getScheme()
                + "://"
                + server.getHost()
                + (server.getPort() < 0 ? "" : ":" + server.getPort())
                + Optional.ofNullable(server.getRawPath()).orElse("").replaceFirst("/+$", ""));
    int colon = user == null ? -1 : user.indexOf(':');
    Optional<String> authorization =
        user == null || colon < 0
            ? Optional.empty()
            : Optional.of(Credentials.basic(user.substring(0, colon), user.substring(colon + 1)));
    Settings settings = new Settings(plain, HttpSource.of(HttpSource.Patience.defaults()));
    settings.authorization = authorization;
    return new MlflowRepository(settings);
  }

  /**
   * {@return the registry that MLflow's own client would use: {@code MLFLOW_REGISTRY_URI} or {@code
   * MLFLOW_TRACKING_URI}, with {@code MLFLOW_TRACKING_USERNAME} and {@code _PASSWORD}, or {@code
   * _TOKEN}, of the environment or {@code ~/.mlflow/credentials}}
   *
   * @throws IllegalArgumentException if the environment names no server
   */
  public static MlflowRepository fromEnvironment() {
    Path home = Path.of(System.getProperty("user.home"), ".mlflow", "credentials");
    return fromEnvironment(System.getenv(), home);
  }

  static MlflowRepository fromEnvironment(Map<String, String> environment, Path credentials) {
    String uri =
        environment.getOrDefault(
            "MLFLOW_REGISTRY_URI", environment.getOrDefault("MLFLOW_TRACKING_URI", ""));
    try {
      MlflowRepository repository = at(URI.create(uri));
      Optional<String> header = Credentials.header(environment, credentials);
      return header.map(repository::withAuthorization).orElse(repository);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private MlflowRepository with(Consumer<Settings> change) {
    Settings changed = settings.copy();
    change.accept(changed);
    return new MlflowRepository(changed);
  }

  private MlflowRepository withAuthorization(String header) {
    return with(s -> s.authorization = Optional.of(header));
  }

  /** {@return this with a user name and a password, sent to the tracking server only} */
  public MlflowRepository withCredentials(String user, String password) {
    return withAuthorization(Credentials.basic(user, password));
  }

  /** {@return this with a bearer token, sent to the tracking server only} */
  public MlflowRepository withToken(String token) {
    return withAuthorization(Credentials.bearer(token));
  }

  /** {@return this, waiting so long for the server} */
  public MlflowRepository withPatience(HttpSource.Patience patience) {
    return with(s -> s.http = HttpSource.of(patience));
  }

  /** {@return this, taking versions up to these limits} */
  public MlflowRepository withLimits(FetchLimits limits) {
    return with(s -> s.limits = limits);
  }

  /** {@return this, telling how far each fetch is} */
  public MlflowRepository withListener(FetchListener listener) {
    return with(s -> s.listener = listener);
  }

  /**
   * {@return this, reading files itself that the server says are on this machine, below {@code
   * root}} Else the server is asked for them: it does not choose what is read here.
   */
  public MlflowRepository withLocalArtifacts(Path root) {
    return with(s -> s.local = Optional.of(root.toAbsolutePath().normalize()));
  }

  /**
   * {@return this, fetching files from the store itself where they are in one that {@code
   * presigner} can sign for, such as {@code s3://}} The server still says which files there are; it
   * need not be able to hand them out.
   */
  public MlflowRepository withPresigner(Presigner presigner) {
    return with(s -> s.presigner = Optional.of(presigner));
  }

  /**
   * {@return this, which has one version, whatever name is asked for: the one that an address means
   * at the time}
   *
   * @param address {@code models:/<name>/<version>}, {@code models:/<name>@<alias>}, {@code
   *     models:/<name>/latest}, {@code models:/m-<id>} or {@code runs:/<run>/<path>}
   * @throws IllegalArgumentException if it is none of these
   */
  public MlflowRepository following(String address) {
    MlflowReference reference = MlflowReference.parse(address);
    return with(s -> s.reference = Optional.of(reference));
  }

  /** {@return this, for which a version without the tag {@value OmsRoot#TAG} is not available} */
  public MlflowRepository requireDigest() {
    return with(s -> s.digestRequired = true);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Two requests, or one where an address is followed; one more for each further 200 versions.
   */
  @Override
  public Versions versions(String model) throws IOException {
    if (settings.reference.isPresent()) {
      List<Versions.Entry> entries = new ArrayList<>();
      subject(settings.reference.get()).ifPresent(found -> entries.add(entry(found)));
      return new Versions(entries);
    }
    Optional<Map<String, String>> aliases = server.aliases(model);
    if (aliases.isEmpty()) {
      return new Versions(List.of());
    }
    List<Versions.Entry> entries = new ArrayList<>();
    for (MlflowServer.Version version : server.versions(model)) {
      entries.add(entry(Subject.of(version)));
    }
    return new Versions(entries, aliases.get());
  }

  private Optional<Subject> subject(MlflowReference reference) throws IOException {
    if (reference instanceof MlflowReference.Version version) {
      return server.version(version.name(), version.version()).map(Subject::of);
    }
    if (reference instanceof MlflowReference.Alias alias) {
      return server.aliased(alias.name(), alias.alias()).map(Subject::of);
    }
    if (reference instanceof MlflowReference.Latest latest) {
      return server.versions(latest.name()).stream()
          .filter(version -> version.status().equals("READY"))
          .max((a, b) -> Versions.compare(a.version(), b.version()))
          .map(Subject::of);
    }
    if (reference instanceof MlflowReference.Logged logged) {
      return server.logged(logged.id()).map(Subject::of);
    }
    MlflowReference.Run run = (MlflowReference.Run) reference;
    return server.run(run.run()).map(found -> Subject.of(run));
  }

  private Versions.Entry entry(Subject subject) {
    String reason = subject.reason();
    if (subject.state() == Versions.State.AVAILABLE
        && settings.digestRequired
        && subject.root().isEmpty()) {
      return new Versions.Entry(
          subject.version(), "", Versions.State.PENDING, "no tag " + OmsRoot.TAG + " yet");
    }
    return new Versions.Entry(
        subject.version(),
        subject.state() == Versions.State.AVAILABLE ? subject.identity() : "",
        subject.state(),
        reason);
  }

  /**
   * {@inheritDoc}
   *
   * @throws ModelLoadException of stage {@code LOAD}, before anything large is downloaded, if only
   *     Python can run the model
   */
  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    String label = model + " v" + version.version();
    Staging staging = new Staging(label, target, settings.limits, settings.listener);
    Subject subject = current(model, version, staging);
    ArtifactStore store = locator.locate(subject.reference(), staging);
    List<ArtifactStore.Item> items = store.list(staging);
    if (items.isEmpty()) {
      throw staging.missing("expected files, got none");
    }
    items = requireServable(model, version.version(), staging, store, items);
    for (ArtifactStore.Item item : items) {
      store.fetch(item, staging);
    }
    ModelArtifact artifact = staging.finish(model, version.version());
    subject.root().ifPresent(root -> OmsRoot.require(artifact, root));
    requireSame(version.identity(), artifact);
    return artifact;
  }

  /** The version as it is now, which must be the one that was seen. */
  private Subject current(String model, Versions.Entry version, Staging staging)
      throws IOException {
    Optional<Subject> now =
        settings.reference.isPresent()
            ? subject(pinned(settings.reference.get(), version.version()))
            : server.version(model, version.version()).map(Subject::of);
    if (now.isEmpty()) {
      throw staging.missing("expected it as it was at the last poll, got none");
    }
    if (!now.get().identity().equals(version.identity())) {
      throw staging.missing(
          "expected identity " + version.identity() + ", got " + now.get().identity());
    }
    return now.get();
  }

  /** An alias may have moved since; the version that it named is what is wanted. */
  private static MlflowReference pinned(MlflowReference reference, String version) {
    if (reference instanceof MlflowReference.Alias alias) {
      return new MlflowReference.Version(alias.name(), version);
    }
    if (reference instanceof MlflowReference.Latest latest) {
      return new MlflowReference.Version(latest.name(), version);
    }
    return reference;
  }

  /** Fetches {@code MLmodel} first; what it refuses need not be downloaded. */
  private static List<ArtifactStore.Item> requireServable(
      String model,
      String version,
      Staging staging,
      ArtifactStore store,
      List<ArtifactStore.Item> items)
      throws IOException {
    List<ArtifactStore.Item> rest = new ArrayList<>(items);
    ArtifactStore.@Nullable Item file = null;
    for (ArtifactStore.Item item : items) {
      file = item.path().equals(MlflowModel.FILE) ? item : file;
    }
    List<String> names = items.stream().map(ArtifactStore.Item::path).toList();
    if (file == null) {
      MlflowModel.requireModelFile(model + " v" + version, names);
      return rest;
    }
    rest.remove(file);
    store.fetch(file, staging);
    MlflowModel.of(staging.finish(model, version)).requireServable(names);
    return rest;
  }

  private void requireSame(String identity, ModelArtifact artifact) {
    String before;
    synchronized (first) {
      before = first.putIfAbsent(identity, artifact.digest());
    }
    if (before != null && !before.equals(artifact.digest())) {
      throw new ModelLoadException(
          Stage.VERIFY,
          artifact.label()
              + ": its bytes changed: expected digest "
              + before
              + " as first fetched, got "
              + artifact.digest()
              + "; register a new version instead");
    }
  }

  /** {@return the server, and the address if one is followed} */
  @Override
  public String toString() {
    return "MLflow at "
        + settings.uri
        + settings.reference.map(reference -> " following " + reference).orElse("");
  }
}
