package dev.inflight.signing;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * A repository whose versions are served only if a {@link Trust} accepts them. The signature is one
 * of the version's files, {@code model.sig} (OpenSSF Model Signing 1.0) or {@code
 * inflight.sha256.sig} (Ed25519), so every repository brings it along.
 *
 * <p>A version is fetched, then checked as it lies in the target, before anything reads it. What is
 * signed is what is loaded: files that the signer left out, and the signature itself, are deleted
 * from the target and are no part of the artifact; any other unsigned file is refused. Unless trust
 * is off, each file is hashed once more than without. Safe for several threads, as the source is.
 */
public final class SignedRepository implements ModelRepository {
  private final ModelRepository source;
  private final Trust trust;
  private final Inspector inspector;

  private SignedRepository(ModelRepository source, Trust trust) {
    this.source = source;
    this.trust = trust;
    this.inspector = new Inspector(trust);
  }

  /**
   * {@return what the source has, as far as it is trusted; nothing is read yet} Keep it as long as
   * its deployments: to what it accepted since it was created they may go back.
   *
   * @throws IllegalArgumentException if {@code trust} neither remembers what it accepted nor allows
   *     rollback: say {@link Trust#withState} or {@link Trust#allowingRollback}
   */
  public static SignedRepository of(ModelRepository source, Trust trust) {
    if (trust.policy() != Trust.Policy.OFF
        && trust.state().isEmpty()
        && !trust.isRollbackAllowed()) {
      throw new IllegalArgumentException(
          "trust: expected withState(file), so that old versions cannot come back, or"
              + " allowingRollback(), got neither");
    }
    return new SignedRepository(source, trust);
  }

  /**
   * {@return the versions of the source, trusted or not: a signature is read when one is fetched}
   */
  @Override
  public Versions versions(String model) throws IOException {
    return source.versions(model);
  }

  /**
   * {@inheritDoc} Refused with stage {@code VERIFY} if it is not trusted. An {@link IOException} if
   * the state file cannot be read or written, or is damaged.
   */
  @Override
  public ModelArtifact fetch(String model, Versions.Entry version, Path target) throws IOException {
    ModelArtifact arrived = source.fetch(model, version, target);
    if (trust.policy() == Trust.Policy.OFF) {
      return arrived;
    }
    SortedMap<String, String> files;
    try {
      files = inspector.inspect(model, version.version(), target);
    } catch (Refusal e) {
      throw new ModelLoadException(
          ModelLoadException.Stage.VERIFY,
          model + " v" + version.version() + ": " + e.getMessage(),
          e);
    }
    deleteOthers(target, files);
    return ModelArtifact.of(arrived.name(), arrived.version(), target, files);
  }

  private static void deleteOthers(Path target, SortedMap<String, String> files)
      throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(target)) {
      all = walk.filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)).toList();
    }
    for (Path path : all) {
      if (!files.containsKey(Contents.relative(target, path))) {
        Files.delete(path);
      }
    }
  }

  /** {@return the source and what is trusted} */
  @Override
  public String toString() {
    return source + ", signed: " + trust;
  }
}
