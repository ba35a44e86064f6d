package dev.inflight.dvc;

import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Staging;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jgit.errors.IncorrectObjectTypeException;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevTag;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.transport.FetchConnection;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.transport.Transport;
import org.eclipse.jgit.transport.TransportHttp;
import org.eclipse.jgit.transport.URIish;
import org.jspecify.annotations.Nullable;

/**
 * A Git repository, read with JGit: no process is started for it, no hook, filter or ssh. Either it
 * is on this machine and only read, or it is asked for its names at each poll, and for the commits
 * behind some of them, without their history, when they are not in our clone yet.
 *
 * <p>Invariant: an object that is in the clone has been checked against its id, so nothing here
 * goes out of date; names are never taken from the clone.
 */
final class Git {
  /**
   * A branch or a tag.
   *
   * @param id of the commit, or of the tag object if it is annotated
   * @param peeled what the tag object is on
   */
  record Name(String name, ObjectId id, Optional<ObjectId> peeled) {
    /** {@return what it leads to} */
    String target() {
      return peeled.orElse(id).name();
    }
  }

  private static final long MAX_NAMES = 32L << 20;
  private static final long MAX_OBJECTS = 2L << 30;
  private static final int LISTED = 100_000;

  private final Optional<String> remote;
  private final String authorization;
  private final HttpSource.Patience patience;
  private final Optional<Path> directory;
  private @Nullable Repository opened;
  private Optional<Path> workTree = Optional.empty();

  private Git(
      Optional<String> remote,
      String authorization,
      HttpSource.Patience patience,
      Optional<Path> directory) {
    this.remote = remote;
    this.authorization = authorization;
    this.patience = patience;
    this.directory = directory;
  }

  /**
   * {@return the repository at an address; nothing is asked yet}
   *
   * @param authorization a header's value; may be empty
   * @param clone kept there, else in a private directory until this process ends
   */
  static Git at(
      String address, String authorization, HttpSource.Patience patience, Optional<Path> clone) {
    return new Git(Optional.of(address), authorization, patience, clone);
  }

  /** {@return the repository or working tree in a directory of this machine} */
  static Git in(Path directory) {
    return new Git(Optional.empty(), "", HttpSource.Patience.defaults(), Optional.of(directory));
  }

  /** {@return where its files are checked out, if they are} */
  synchronized Optional<Path> workTree() throws IOException {
    open();
    return workTree;
  }

  private synchronized Repository open() throws IOException {
    Repository repository = opened;
    if (repository == null) {
      repository = remote.isPresent() ? openClone() : openLocal();
      opened = repository;
    }
    return repository;
  }

  private Repository openLocal() throws IOException {
    Path path = directory.orElseThrow();
    FileRepositoryBuilder builder = new FileRepositoryBuilder().setMustExist(true);
    if (Files.exists(path.resolve(Constants.DOT_GIT))) {
      builder.setWorkTree(path.toFile());
      workTree = Optional.of(path);
    } else {
      builder.setGitDir(path.toFile()).setBare();
    }
    try {
      return builder.build();
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
  }

  private Repository openClone() throws IOException {
    Path path =
        directory.isPresent()
            ? PrivateDirectories.require(directory.get())
            : PrivateDirectories.create(this);
    Repository repository = new FileRepositoryBuilder().setGitDir(path.toFile()).setBare().build();
    if (!Files.exists(path.resolve(Constants.HEAD))) {
      repository.create(true);
    }
    return repository;
  }

  /** {@return the names there are now, such as {@code refs/tags/fraud@v1.0.0}, by name} */
  Map<String, Name> names() throws IOException {
    Map<String, Name> names = new LinkedHashMap<>();
    for (Ref ref : remote.isPresent() ? remoteNames() : localNames()) {
      ObjectId id = ref.getObjectId();
      if (id != null) {
        Optional<ObjectId> peeled = Optional.ofNullable(ref.getPeeledObjectId());
        names.put(ref.getName(), new Name(ref.getName(), id, peeled));
      }
    }
    return names;
  }

  private Collection<Ref> localNames() throws IOException {
    Repository repository = open();
    List<Ref> names = new ArrayList<>();
    try {
      for (Ref ref : repository.getRefDatabase().getRefs()) {
        boolean tag = ref.getName().startsWith(Constants.R_TAGS);
        names.add(tag ? repository.getRefDatabase().peel(ref) : ref);
      }
      return names;
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
  }

  private synchronized Collection<Ref> remoteNames() throws IOException {
    try (Transport transport = transport(MAX_NAMES);
        FetchConnection connection =
            transport.openFetch(
                List.of(
                    new RefSpec("refs/tags/*:refs/tags/*"),
                    new RefSpec("refs/heads/*:refs/heads/*")),
                "HEAD")) {
      return connection.getRefs();
    } catch (IOException | URISyntaxException | RuntimeException e) {
      throw failed(e);
    }
  }

  private Transport transport(long most) throws IOException, URISyntaxException {
    Transport transport = Transport.open(open(), new URIish(remote.orElseThrow()));
    transport.setCredentialsProvider(null);
    transport.setTagOpt(TagOpt.NO_TAGS);
    transport.setTimeout((int) Math.max(patience.stall().toSeconds(), 1));
    if (transport instanceof TransportHttp http) {
      http.setHttpConnectionFactory(GitConnection.factory(patience, most));
      if (!authorization.isEmpty()) {
        http.setAdditionalHeaders(Map.of("Authorization", authorization));
      }
    }
    return transport;
  }

  /** Brings what some names mean, as they were listed, to this machine if it is not here yet. */
  synchronized void require(Collection<Name> names) throws IOException {
    List<RefSpec> wanted = new ArrayList<>();
    for (Name name : names) {
      if (!has(name.id())) {
        wanted.add(new RefSpec("+" + name.name() + ":refs/inflight/" + name.id().name()));
      }
    }
    fetch(wanted);
  }

  /** The same of a commit that needs no name. */
  synchronized void require(String commit) throws IOException {
    if (!has(ObjectId.fromString(commit))) {
      fetch(List.of(new RefSpec(commit + ":refs/inflight/" + commit)));
    }
  }

  private boolean has(ObjectId id) throws IOException {
    return open().getObjectDatabase().has(id);
  }

  private void fetch(List<RefSpec> wanted) throws IOException {
    if (wanted.isEmpty() || remote.isEmpty()) {
      return;
    }
    try (Transport transport = transport(MAX_OBJECTS)) {
      transport.setDepth(1);
      transport.fetch(NullProgressMonitor.INSTANCE, wanted);
    } catch (IOException | URISyntaxException | RuntimeException e) {
      throw failed(e);
    }
  }

  /** {@return an annotated tag's commit and time; empty if it is lightweight, or of no commit} */
  Optional<Registry.Event> event(GtoTag tag, ObjectId id) throws IOException {
    try (RevWalk walk = new RevWalk(open())) {
      if (!(walk.parseAny(id) instanceof RevTag annotated)) {
        return Optional.empty();
      }
      Instant time =
          annotated.getTaggerIdent() == null
              ? Instant.EPOCH
              : annotated.getTaggerIdent().getWhenAsInstant();
      return Optional.of(new Registry.Event(tag, walk.parseCommit(id).name(), time));
    } catch (IncorrectObjectTypeException e) {
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
  }

  /**
   * {@return what a commit holds, or that of an annotated tag}
   *
   * @throws RefusedException if it is no commit
   */
  Commit commit(ObjectId id) throws IOException, RefusedException {
    try (RevWalk walk = new RevWalk(open())) {
      return new Commit(open(), walk.parseCommit(id), LISTED);
    } catch (IncorrectObjectTypeException e) {
      throw new RefusedException("expected a commit, got another object: " + id.name());
    } catch (MissingObjectException e) {
      throw new RefusedException("expected commit " + id.name() + " in " + this + ", got none");
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
  }

  private IOException failed(Exception e) {
    String message = String.valueOf(e.getMessage());
    Throwable cause = e.getCause();
    String more = cause == null ? "" : " (" + cause + ")";
    return new IOException(this + ": " + Staging.printable(message + more), e);
  }

  /** {@return the address or the directory} */
  @Override
  public String toString() {
    return "Git repository " + remote.orElseGet(() -> String.valueOf(directory.orElse(null)));
  }
}
