package dev.inflight.fetch;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The directory in which the files of one version arrive. For one thread.
 *
 * <p>Invariant: below the directory are the files of {@code files}, complete, and at most one that
 * is being written; each was created by this object under a name that {@link #requireInside} let
 * pass. No link is ever made or followed.
 */
public final class Staging {
  private static final int MAX_NAME = 255;
  private static final int CHUNK = 64 << 10;

  private final String label;
  private final Path target;
  private final FetchLimits limits;
  private final FetchListener listener;
  private final Map<String, String> files = new TreeMap<>();
  private long bytes;

  /**
   * Of an empty directory that only this process can read and write; the caller deletes it.
   *
   * @param label name and version, as messages call it
   */
  public Staging(String label, Path target, FetchLimits limits, FetchListener listener) {
    this.label = label;
    this.target = target;
    this.limits = limits;
    this.listener = listener;
  }

  /** {@return what may arrive} */
  public FetchLimits limits() {
    return limits;
  }

  /**
   * Refuses a path that could lead out of a directory, here or on another system, encoded or not.
   *
   * @throws ModelLoadException of stage {@code VERIFY}
   */
  public void requireInside(String path) {
    String[] names = path.split("/", -1);
    boolean inside =
        names.length <= limits.depth()
            && path.chars().noneMatch(c -> Character.isISOControl(c) || "\\:%".indexOf(c) >= 0);
    for (String name : names) {
      inside &=
          !name.isEmpty() && !name.equals(".") && !name.equals("..") && name.length() <= MAX_NAME;
    }
    if (!inside) {
      throw refused(
          "expected a relative path of at most "
              + limits.depth()
              + " plain names, got file '"
              + printable(path)
              + "'");
    }
  }

  /** {@return a text of somebody else as a message may quote it: one line, and not too long} */
  public static String printable(String text) {
    String plain = text.replaceAll("\\p{Cntrl}", "?");
    return plain.length() > MAX_NAME ? plain.substring(0, MAX_NAME) + "..." : plain;
  }

  /** {@return a refusal of the version, of stage {@code VERIFY}} */
  public ModelLoadException refused(String why) {
    return new ModelLoadException(Stage.VERIFY, label + ": " + why);
  }

  /** {@return a version that cannot be had, of stage {@code FETCH}} */
  public ModelLoadException missing(String why) {
    return new ModelLoadException(Stage.FETCH, label + ": " + why);
  }

  /**
   * Downloads a file.
   *
   * @throws ModelLoadException of stage {@code VERIFY} if it is not what was expected or not within
   *     the limits, of {@code FETCH} if the server does not have it
   * @throws IOException if the server cannot be reached, fails, or the file not be written
   */
  public void download(String path, Expected expected, HttpSource source, java.net.URI uri)
      throws IOException {
    try (Arrival arrival = open(path, expected)) {
      source.download(uri, arrival);
      arrival.finish();
    } catch (StatusException e) {
      if (e.isFinal()) {
        throw new ModelLoadException(
            Stage.FETCH, label + ": file '" + path + "': " + e.getMessage(), e);
      }
      throw named(path, e);
    } catch (IOException e) {
      throw named(path, e);
    }
  }

  /**
   * Copies a file.
   *
   * @throws ModelLoadException as {@link #download}, and of stage {@code FETCH} if there is none
   * @throws IOException if it cannot be read, is a link, or not be written
   */
  public void copy(String path, Expected expected, Path source) throws IOException {
    try (InputStream in = open(path, source)) {
      write(path, expected, in);
    }
  }

  private InputStream open(String path, Path source) throws IOException {
    try {
      return Files.newInputStream(source, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      throw new ModelLoadException(
          Stage.FETCH, label + ": file '" + path + "': expected it, got none", e);
    } catch (IOException e) {
      throw named(path, e);
    }
  }

  /**
   * Writes what a stream gives, to its end; the caller closes it.
   *
   * @throws ModelLoadException of stage {@code VERIFY} as {@link #download}
   * @throws IOException if it cannot be read, or the file not be written
   */
  public void write(String path, Expected expected, InputStream in) throws IOException {
    try (Arrival arrival = open(path, expected)) {
      for (byte[] piece = in.readNBytes(CHUNK); piece.length > 0; piece = in.readNBytes(CHUNK)) {
        arrival.accept(ByteBuffer.wrap(piece));
      }
      arrival.finish();
    } catch (IOException e) {
      throw named(path, e);
    }
  }

  private IOException named(String path, IOException e) {
    return new IOException(label + ": file '" + path + "': " + e.getMessage(), e);
  }

  private Arrival open(String path, Expected expected) throws IOException {
    requireInside(path);
    if (files.containsKey(path)) {
      throw refused("expected each file once, got '" + path + "' twice");
    }
    if (files.size() >= limits.files()) {
      throw refused("expected at most " + limits.files() + " files, got more");
    }
    if (expected.bytes() > limits.bytes() - bytes) {
      throw tooLarge(path);
    }
    if (!Files.isDirectory(target)) {
      throw new NoSuchFileException(target.toString(), null, "the directory to fetch into");
    }
    Path file = target.resolve(path);
    Files.createDirectories(file.getParent());
    return new Arrival(this, path, expected, file);
  }

  private ModelLoadException tooLarge(String path) {
    return refused(
        "expected at most " + limits.bytes() + " bytes, got more at file '" + path + "'");
  }

  /** Called with each piece; a negative number takes back what has to come again. */
  void count(String path, long more) {
    bytes += more;
    if (bytes > limits.bytes()) {
      throw tooLarge(path);
    }
  }

  void tell(String path, long fileBytes, long expected) {
    listener.onProgress(new FetchListener.Progress(label, path, fileBytes, expected, bytes));
  }

  void arrived(String path, String sha256) {
    files.put(path, sha256);
  }

  /** {@return the SHA-256 of each file that is complete, by path} */
  public Map<String, String> files() {
    return Map.copyOf(files);
  }

  /** {@return the version, of the files that have arrived} */
  public ModelArtifact finish(String model, String version) {
    return ModelArtifact.of(model, version, target, files);
  }
}
