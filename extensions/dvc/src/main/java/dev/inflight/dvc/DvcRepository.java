package dev.inflight.dvc;

import dev.inflight.ModelArtifact;
import dev.inflight.fetch.FetchLimits;
import dev.inflight.fetch.FetchListener;
import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Presigner;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Models of a Git repository whose bytes DVC keeps, 3.x or earlier, and whose versions and stages
 * GTO names, without Python and without a {@code git}. The name that is asked for is that of an
 * artifact of {@code dvc.yaml}, such as {@code fraud} or {@code models:fraud}, unless this
 * {@linkplain #following follows} something.
 *
 * <p>Versions are those that annotated tags {@code fraud@v1.2.3} register, called {@code 1.2.3}.
 * Aliases are the stages: each is the version of the newest tag {@code fraud#prod} that was not
 * taken back for that version. A stage of a commit without a version makes a version that is called
 * as the commit is.
 *
 * <p>The identity of a version is made of the digest that DVC recorded, so a tag that moves to the
 * same bytes moves nothing. Every file must have that digest, which is an MD5: it finds accidents,
 * not attacks. An artifact whose {@code meta} has {@code sha256} (a file) or {@code
 * oms.root.sha256} (the root digest of OpenSSF Model Signing) must have these too.
 *
 * <p>Immutable; safe for several threads.
 */
public final class DvcRepository implements ModelRepository {
  /** What can be said of it; copied before it is changed, never after. */
  private static final class Settings {
    private final Optional<String> address;
    private final Path directory;
    private String authorization = "";
    private HttpSource.Patience patience;
    private HttpSource http; // a client with threads: made once, not for each copy
    private Optional<Path> clone = Optional.empty();
    private FetchLimits limits = FetchLimits.defaults();
    private FetchListener listener = FetchListener.NONE;
    private Optional<Presigner> presigner = Optional.empty();
    private Optional<Path> local = Optional.empty();
    private List<Remotes.Credentials> credentials = List.of();
    private Optional<DvcReference> reference = Optional.empty();

    Settings(
        Optional<String> address, Path directory, HttpSource.Patience patience, HttpSource http) {
      this.address = address;
      this.directory = directory;
      this.patience = patience;
      this.http = http;
    }

    static Settings of(Optional<String> address, Path directory) {
      HttpSource.Patience patience = HttpSource.Patience.defaults();
      return new Settings(address, directory, patience, HttpSource.of(patience));
    }

    Settings copy() {
      Settings copy = new Settings(address, directory, patience, http);
      copy.authorization = authorization;
      copy.clone = clone;
      copy.limits = limits;
      copy.listener = listener;
      copy.presigner = presigner;
      copy.local = local;
      copy.credentials = credentials;
      copy.reference = reference;
      return copy;
    }
  }

  private final Settings settings;
  private final Subjects subjects;

  private DvcRepository(Settings settings) {
    this.settings = settings;
    Remotes remotes =
        new Remotes(settings.http, settings.presigner, settings.local, settings.credentials);
    Git git =
        settings.address.isPresent()
            ? Git.at(
                settings.address.get(), settings.authorization, settings.patience, settings.clone)
            : Git.in(settings.directory);
    subjects = new Subjects(git, settings.reference, remotes, this::imported);
  }

  /**
   * {@return the repository at an address, without credentials unless the address has some; nothing
   * is read yet}
   *
   * @param address such as {@code https://git.example/models.git}, or of scheme {@code http} or
   *     {@code file}
   * @throws IllegalArgumentException if it is none; of scheme {@code ssh}, which is not spoken, use
   *     the https address of the same repository
   */
  public static DvcRepository at(String address) {
    try {
      return at(URI.create(address));
    } catch (IllegalArgumentException e) {
      int colon = address.indexOf(':');
      String scheme = colon < 0 ? "none" : address.substring(0, colon);
      throw refused(scheme.matches("[A-Za-z+]{1,20}") ? scheme : "another");
    }
  }

  /**
   * {@return as {@link #at(String)}}
   *
   * @throws IllegalArgumentException as there
   */
  public static DvcRepository at(URI address) {
    String scheme = String.valueOf(address.getScheme());
    boolean server = scheme.matches("(?i)https?") && address.getHost() != null;
    if ((!server && !scheme.equalsIgnoreCase("file")) || address.getRawQuery() != null) {
      throw refused(scheme);
    }
    String user = address.getRawUserInfo();
    String plain = address.toString();
    if (user != null) {
      plain = plain.replaceFirst("//[^/]*@", "//");
    }
    DvcRepository repository = new DvcRepository(Settings.of(Optional.of(plain), Path.of("")));
    String info = address.getUserInfo();
    int colon = info == null ? -1 : info.indexOf(':');
    return info == null || colon < 0
        ? repository
        : repository.withCredentials(info.substring(0, colon), info.substring(colon + 1));
  }

  private static IllegalArgumentException refused(String scheme) {
    return new IllegalArgumentException(
        "Git repository: expected an address such as https://git.example/models.git, without a"
            + " query, or the path of a clone, got one of scheme '"
            + scheme
            + "'");
  }

  /**
   * {@return the repository in a directory of this machine, which is only read: a working tree or a
   * bare clone} Commits and tags arrive there when somebody else fetches. Of a working tree {@code
   * .dvc/config.local} and {@code .dvc/cache} are used too.
   */
  public static DvcRepository at(Path directory) {
    return new DvcRepository(Settings.of(Optional.empty(), directory.toAbsolutePath().normalize()));
  }

  private DvcRepository with(Consumer<Settings> change) {
    Settings changed = settings.copy();
    change.accept(changed);
    return new DvcRepository(changed);
  }

  /**
   * {@return this with a user name and a password, sent to the Git server only} Where a server
   * wants a token, it is the password.
   */
  public DvcRepository withCredentials(String user, String password) {
    URI server = URI.create(settings.address.orElse(""));
    String header = Remotes.Credentials.basic(server, user, password).value();
    return with(s -> s.authorization = header);
  }

  /**
   * {@return this with a user name and a password for remotes on one server} Whatever a commit
   * says, no other server gets them.
   *
   * @param server its scheme, host and port
   */
  public DvcRepository withRemoteCredentials(URI server, String user, String password) {
    return withRemote(Remotes.Credentials.basic(server, user, password));
  }

  /**
   * {@return this with a secret header, DVC's {@code custom_auth_header}, for remotes on one
   * server}
   *
   * @param server its scheme, host and port
   */
  public DvcRepository withRemoteHeader(URI server, String name, String value) {
    return withRemote(new Remotes.Credentials(server, name, value));
  }

  private DvcRepository withRemote(Remotes.Credentials more) {
    return with(
        s -> s.credentials = Stream.concat(Stream.of(more), s.credentials.stream()).toList());
  }

  /**
   * {@return this, whose remotes of scheme {@code s3} are read at the addresses that {@code
   * presigner} gives} A remote with an {@code endpointurl} is read only if they are at that
   * endpoint.
   */
  public DvcRepository withPresigner(Presigner presigner) {
    return with(s -> s.presigner = Optional.of(presigner));
  }

  /**
   * {@return this, reading remotes that are directories of this machine, below {@code root}} A
   * commit does not choose what is read here.
   */
  public DvcRepository withLocalRemotes(Path root) {
    return with(s -> s.local = Optional.of(root.toAbsolutePath().normalize()));
  }

  /**
   * {@return this, which keeps what it fetches from Git in a directory over restarts, made if it is
   * not there} One process at a time. Else it is a private one, deleted with this object.
   */
  public DvcRepository withClone(Path directory) {
    return with(s -> s.clone = Optional.of(directory.toAbsolutePath().normalize()));
  }

  /** {@return this, waiting so long for the servers} */
  public DvcRepository withPatience(HttpSource.Patience patience) {
    return with(
        s -> {
          s.patience = patience;
          s.http = HttpSource.of(patience);
        });
  }

  /** {@return this, taking versions up to these limits} */
  public DvcRepository withLimits(FetchLimits limits) {
    return with(s -> s.limits = limits);
  }

  /** {@return this, telling how far each fetch is} */
  public DvcRepository withListener(FetchListener listener) {
    return with(s -> s.listener = listener);
  }

  /**
   * {@return this, which has one version, whatever name is asked for: the one that an address means
   * at the time}
   *
   * @param address {@code fraud#prod}, {@code fraud@v1.2.3} or {@code fraud@latest}, {@code
   *     models:fraud} being the artifact {@code fraud} of {@code models/dvc.yaml}
   * @throws IllegalArgumentException if it is none of these
   */
  public DvcRepository following(String address) {
    DvcReference reference = DvcReference.parse(address);
    return with(s -> s.reference = Optional.of(reference));
  }

  /**
   * {@return this, which has one version, whatever name is asked for: what a revision holds at the
   * time, called as its commit is}
   *
   * @param artifact of {@code dvc.yaml}, or the path of a file or directory that DVC or Git keeps
   * @param revision a branch, a tag, {@code HEAD}, or a commit by all of its 40 digits
   */
  public DvcRepository following(String artifact, String revision) {
    DvcReference reference = new DvcReference.Revision(artifact, revision);
    return with(s -> s.reference = Optional.of(reference));
  }

  /**
   * The repository that an import comes from: a server, or a directory that was allowed. Ours is
   * asked with our credentials, any other with none.
   */
  private Git imported(String url) throws RefusedException {
    boolean server = url.matches("(?i)https?://[^@?]*");
    boolean same =
        server
            && settings.address.isPresent()
            && new Remotes.Credentials(URI.create(settings.address.get()), "", "")
                .areFor(URI.create(url));
    if (!server) {
      throw new RefusedException(
          "expected an import from an http or https address without credentials, got another:"
              + " import it into this repository, or dvc add it");
    }
    return Git.at(url, same ? settings.authorization : "", settings.patience, Optional.empty());
  }

  /**
   * {@inheritDoc}
   *
   * <p>Git is asked for its names; commits are fetched, without history, when they are new.
   */
  @Override
  public Versions versions(String model) throws IOException {
    return subjects.versions(model);
  }

  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    return subjects.fetch(model, version, target, settings.limits, settings.listener);
  }

  /** {@return where it is, and what is followed} */
  @Override
  public String toString() {
    return "DVC in "
        + settings.address.orElseGet(settings.directory::toString)
        + settings.reference.map(reference -> " following " + reference).orElse("");
  }
}
