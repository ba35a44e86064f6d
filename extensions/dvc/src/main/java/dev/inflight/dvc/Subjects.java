package dev.inflight.dvc;

import dev.inflight.ModelArtifact;
import dev.inflight.fetch.FetchLimits;
import dev.inflight.fetch.FetchListener;
import dev.inflight.fetch.OmsRoot;
import dev.inflight.fetch.Staging;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectId;

/**
 * From names to versions, and from versions to files.
 *
 * <p>Invariant: what is remembered was read from a commit, which never changes; what names mean is
 * asked at every call.
 */
final class Subjects {
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final int REMEMBERED = 1_000;

  /** Opens the repository that an import comes from. */
  interface Imports {
    Git open(String url) throws RefusedException;
  }

  /** What a commit says of an artifact. */
  private record Subject(Project.Artifact artifact, Data data) {}

  private final Git git;
  private final Optional<DvcReference> reference;
  private final Remotes remotes;
  private final Imports imports;
  private final Map<String, Git> imported = new HashMap<>();
  private final Map<String, Subject> known =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Subject> eldest) {
          return size() > REMEMBERED;
        }
      };

  Subjects(Git git, Optional<DvcReference> reference, Remotes remotes, Imports imports) {
    this.git = git;
    this.reference = reference;
    this.remotes = remotes;
    this.imports = imports;
  }

  Versions versions(String model) throws IOException {
    Map<String, Git.Name> names = git.names();
    List<Versions.Entry> entries = new ArrayList<>();
    if (reference.isPresent()) {
      DvcReference followed = reference.get();
      if (followed instanceof DvcReference.Revision revision) {
        Optional<String> commit = commit(revision.revision(), names);
        if (commit.isPresent()) {
          entries.add(entry(followed.artifact(), commit.get(), commit.get()));
        }
        return new Versions(entries);
      }
      Registry registry = registry(followed.artifact(), names);
      Optional<String> version = version(followed, registry);
      if (version.isPresent()) {
        String commit = registry.commitOf(version.get()).orElseThrow();
        entries.add(entry(followed.artifact(), version.get(), commit));
      }
      return new Versions(entries);
    }
    Registry registry = registry(model, names);
    for (Map.Entry<String, String> version : registry.versions().entrySet()) {
      entries.add(entry(model, version.getKey(), version.getValue()));
    }
    Map<String, String> aliases = new HashMap<>();
    for (Map.Entry<String, String> stage : registry.stages().entrySet()) {
      String version = registry.nameOf(stage.getValue());
      aliases.put(stage.getKey(), version);
      boolean there = entries.stream().anyMatch(entry -> entry.version().equals(version));
      if (!there) {
        entries.add(entry(model, version, stage.getValue()));
      }
    }
    return new Versions(entries, aliases);
  }

  private static Optional<String> version(DvcReference followed, Registry registry) {
    if (followed instanceof DvcReference.Staged staged) {
      return Optional.ofNullable(registry.stages().get(staged.stage())).map(registry::nameOf);
    }
    if (followed instanceof DvcReference.Registered registered) {
      return Optional.of(registered.version()).filter(registry.versions()::containsKey);
    }
    return registry.latest();
  }

  /** What tags say; what was tagged is here then. */
  private Registry registry(String artifact, Map<String, Git.Name> names) throws IOException {
    Map<Git.Name, GtoTag> tags = new LinkedHashMap<>();
    for (Git.Name name : names.values()) {
      // GTO ignores lightweight tags: these have nothing to peel.
      if (name.name().startsWith(Constants.R_TAGS) && name.peeled().isPresent()) {
        GtoTag.parse(name.name().substring(Constants.R_TAGS.length()))
            .filter(tag -> tag.artifact().equals(artifact))
            .ifPresent(tag -> tags.put(name, tag));
      }
    }
    git.require(tags.keySet());
    List<Registry.Event> events = new ArrayList<>();
    for (Map.Entry<Git.Name, GtoTag> tag : tags.entrySet()) {
      git.event(tag.getValue(), tag.getKey().id()).ifPresent(events::add);
    }
    return Registry.of(events);
  }

  /** The commit of a branch, a tag, or by its id; it is here then. */
  private Optional<String> commit(String revision, Map<String, Git.Name> names) throws IOException {
    for (String prefix : List.of(Constants.R_TAGS, Constants.R_HEADS, "")) {
      Git.Name name = names.get(prefix + revision);
      if (name != null) {
        git.require(List.of(name));
        return Optional.of(name.target());
      }
    }
    if (COMMIT.matcher(revision).matches()) {
      git.require(revision);
      return Optional.of(revision);
    }
    return Optional.empty();
  }

  private Versions.Entry entry(String artifact, String version, String commit) throws IOException {
    try {
      String identity = subject(artifact, commit).data().identity();
      return new Versions.Entry(version, identity, Versions.State.AVAILABLE, "");
    } catch (RefusedException e) {
      return new Versions.Entry(version, "", Versions.State.REFUSED, e.reason());
    }
  }

  private Subject subject(String artifact, String commit) throws IOException, RefusedException {
    String key = commit + "\n" + artifact;
    synchronized (known) {
      Subject before = known.get(key);
      if (before != null) {
        return before;
      }
    }
    Project project = new Project(git.commit(ObjectId.fromString(commit)));
    boolean orPath = reference.isPresent() && reference.get() instanceof DvcReference.Revision;
    Project.Artifact found = orPath ? project.artifactOrPath(artifact) : project.artifact(artifact);
    Subject subject = new Subject(found, project.data(found.path()));
    synchronized (known) {
      known.put(key, subject);
    }
    return subject;
  }

  ModelArtifact fetch(
      String model, Versions.Entry version, Path target, FetchLimits limits, FetchListener listener)
      throws IOException {
    Staging staging = new Staging(model + " v" + version.version(), target, limits, listener);
    String artifact = reference.map(DvcReference::artifact).orElse(model);
    String commit =
        pinned(artifact, version.version())
            .orElseThrow(() -> staging.missing("expected it as it was at the last poll, got none"));
    try {
      Subject subject = subject(artifact, commit);
      if (!subject.data().identity().equals(version.identity())) {
        throw staging.missing(
            "expected identity " + version.identity() + ", got " + subject.data().identity());
      }
      deliver(subject.data(), git, commit, subject.artifact().sha256(), staging, target);
      ModelArtifact arrived = staging.finish(model, version.version());
      subject.artifact().root().ifPresent(root -> OmsRoot.require(arrived, root));
      return arrived;
    } catch (RefusedException e) {
      throw staging.missing(e.reason());
    }
  }

  /** A stage or a branch may have moved since; the version that it named is what is wanted. */
  private Optional<String> pinned(String artifact, String version) throws IOException {
    if (reference.isPresent() && COMMIT.matcher(version).matches()) {
      git.require(version);
      return Optional.of(version);
    }
    return registry(artifact, git.names()).commitOf(version);
  }

  private void deliver(
      Data data, Git from, String commit, Optional<String> sha256, Staging staging, Path target)
      throws IOException, RefusedException {
    if (data instanceof Data.InGit inGit) {
      Delivery.inGit(staging, inGit, sha256);
    } else if (data instanceof Data.Imported there) {
      imported(there, sha256, staging, target);
    } else if (data instanceof Data.Part part) {
      delivery(from, commit, part.directory(), sha256, staging, target).part(part);
    } else if (data instanceof Data.Stored stored) {
      delivery(from, commit, stored, sha256, staging, target).stored(stored);
    }
  }

  private Delivery delivery(
      Git from,
      String commit,
      Data.Stored stored,
      Optional<String> sha256,
      Staging staging,
      Path target)
      throws IOException, RefusedException {
    Commit holder = from.commit(ObjectId.fromString(commit));
    Checkout checkout = Checkout.of(holder, stored.path(), from.workTree());
    return new Delivery(
        staging, target, checkout.remote(remotes, stored.remote()), checkout.cache(), sha256);
  }

  /** What was imported lies where the other repository has it; one step is gone, not two. */
  private void imported(Data.Imported there, Optional<String> sha256, Staging staging, Path target)
      throws IOException, RefusedException {
    if (!COMMIT.matcher(there.revision()).matches()) {
      throw new RefusedException("import: expected a commit as rev_lock, got none");
    }
    Git other;
    synchronized (imported) {
      other = imported.get(there.url());
      if (other == null) {
        other = imports.open(there.url());
        imported.put(there.url(), other);
      }
    }
    other.require(there.revision());
    Project project = new Project(other.commit(ObjectId.fromString(there.revision())));
    Data data = project.data(Paths.resolve("", there.there()));
    Data.Hash expected = there.stored().hash();
    if (data instanceof Data.Imported) {
      throw new RefusedException("expected an import of what is kept there, got one of an import");
    }
    if (data instanceof Data.Stored stored) {
      if (!stored.hash().md5().equals(expected.md5())) {
        throw new RefusedException("import: expected " + expected + ", got " + stored.hash());
      }
      Data.Stored renamed =
          new Data.Stored(
              there.path(), stored.hash(), stored.bytes(), stored.files(), stored.remote());
      delivery(other, there.revision(), stored, sha256, staging, target).stored(renamed);
      return;
    }
    if (data instanceof Data.InGit inGit) {
      data = new Data.InGit(there.path(), inGit.commit(), inGit.node(), Optional.of(expected));
    }
    deliver(data, other, there.revision(), sha256, staging, target);
  }
}
