package dev.inflight.fetch;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The root digest of OpenSSF Model Signing: SHA-256 over the SHA-256 of each file, ordered by path.
 * What the specification leaves out of a signature is left out.
 */
public final class OmsRoot {
  /** What publishers call it in the tags of a model registry. */
  public static final String TAG = "oms.root.sha256";

  /** Files that a message names. */
  private static final int NAMED = 20;

  private static final Set<String> IGNORED =
      Set.of(".git", ".gitignore", ".gitattributes", ".github", "model.sig");

  private OmsRoot() {}

  /** {@return what the tags of a version say; nonsense counts, and fits no files} */
  public static Optional<String> of(Map<String, String> tags) {
    String text = tags.get(TAG);
    return text == null ? Optional.empty() : Optional.of(text.strip().toLowerCase(Locale.ROOT));
  }

  /** {@return that of the files that have arrived} Lower-case hex. */
  public static String of(ModelArtifact artifact) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      artifact
          .files()
          .forEach(
              (path, hash) -> {
                if (!IGNORED.contains(path.split("/", 2)[0])) {
                  sha.update(HexFormat.of().parseHex(hash));
                }
              });
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * Refuses files that are not those of a root digest.
   *
   * @throws ModelLoadException of stage {@code VERIFY}
   */
  public static void require(ModelArtifact artifact, String expected) {
    String got = of(artifact);
    if (!got.equals(expected)) {
      throw new ModelLoadException(
          Stage.VERIFY,
          artifact.label()
              + ": expected root digest "
              + expected
              + " (tag "
              + TAG
              + "), got "
              + got
              + " of "
              + artifact.files().keySet().stream().limit(NAMED).toList());
    }
  }
}
