package dev.inflight.dvc;

import dev.inflight.ModelLoadException;
import dev.inflight.fetch.Expected;
import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Presigner;
import dev.inflight.fetch.Staging;
import dev.inflight.fetch.StatusException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** A store of files by digest. */
sealed interface Remote {
  /** Of the list of a directory: {@link HttpSource#text} reads no more either. */
  int MAX_LIST = 16 << 20;

  /** {@return what the configuration calls it} */
  String name();

  /**
   * Fetches a file.
   *
   * @param object its path below the root of the store
   */
  void fetch(Staging staging, String path, Expected expected, String object) throws IOException;

  /** {@return the list of a directory, whatever it may be, as UTF-8} */
  String list(Staging staging, String path, String object) throws IOException;

  /** {@return that the publisher forgot something} */
  default ModelLoadException missing(Staging staging, String path, String object) {
    return staging.missing(
        "file '"
            + path
            + "': expected object "
            + object
            + " in remote '"
            + name()
            + "', got none: object missing in remote '"
            + name()
            + "', not pushed? (dvc push)");
  }

  /** One that we do not read, for that reason; a cache may have everything. */
  record Unreadable(String name, String reason) implements Remote {
    @Override
    public void fetch(Staging staging, String path, Expected expected, String object) {
      throw staging.missing(reason);
    }

    @Override
    public String list(Staging staging, String path, String object) {
      throw staging.missing(reason);
    }
  }

  /** A directory of this machine. */
  record Local(String name, Path root) implements Remote {
    /** {@return the file of an object, which no link may lead out of the store} */
    private Path file(Staging staging, String path, String object) throws IOException {
      Path real;
      try {
        real = root.resolve(object).toRealPath();
      } catch (NoSuchFileException e) {
        if (!Files.isDirectory(root)) {
          throw new IOException("remote '" + name + "': expected a directory, got none", e);
        }
        throw missing(staging, path, object);
      }
      if (!real.startsWith(root.toRealPath())) {
        throw staging.refused(
            "file '" + path + "': expected a file of remote '" + name + "', got a link out of it");
      }
      return real;
    }

    boolean has(String object) {
      return Files.isRegularFile(root.resolve(object));
    }

    @Override
    public void fetch(Staging staging, String path, Expected expected, String object)
        throws IOException {
      staging.requireInside(path);
      staging.copy(path, expected, file(staging, path, object));
    }

    @Override
    public String list(Staging staging, String path, String object) throws IOException {
      Path file = file(staging, path, object);
      try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
        byte[] bytes = in.readNBytes(MAX_LIST + 1);
        if (bytes.length > MAX_LIST) {
          throw staging.refused(
              "directory '" + path + "': expected a list of at most " + MAX_LIST + " bytes");
        }
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }
  }

  /** Something that gives objects addresses of HTTP. */
  sealed interface Addressed extends Remote {
    HttpSource http();

    URI uri(String object) throws IOException;

    @Override
    default void fetch(Staging staging, String path, Expected expected, String object)
        throws IOException {
      staging.requireInside(path);
      try {
        staging.download(path, expected, http(), uri(object));
      } catch (ModelLoadException e) {
        if (e.getCause() instanceof StatusException status && isMissing(status)) {
          throw missing(staging, path, object);
        }
        throw e;
      }
    }

    @Override
    default String list(Staging staging, String path, String object) throws IOException {
      try {
        return http().text(uri(object));
      } catch (StatusException e) {
        if (isMissing(e)) {
          throw missing(staging, path, object);
        }
        if (e.isFinal()) {
          throw staging.missing("directory '" + path + "': " + e.getMessage());
        }
        throw e;
      }
    }

    private static boolean isMissing(StatusException e) {
      return e.status() == 404 || e.status() == 410;
    }
  }

  /**
   * A server of plain files.
   *
   * @param root without a slash at its end
   */
  record Http(String name, HttpSource http, URI root) implements Addressed {
    @Override
    public URI uri(String object) {
      return URI.create(root + "/" + object);
    }
  }

  /**
   * A bucket.
   *
   * @param prefix below it, without slashes around it
   * @param endpoint that the configuration names, if it does
   */
  record Signed(
      String name,
      HttpSource http,
      Presigner presigner,
      String bucket,
      String prefix,
      Optional<URI> endpoint)
      implements Addressed {
    @Override
    public URI uri(String object) throws IOException {
      String key = (prefix.isEmpty() ? "" : "/" + prefix) + "/" + object;
      StringBuilder path = new StringBuilder();
      for (String segment : key.substring(1).split("/", -1)) {
        path.append('/').append(HttpSource.encoded(segment));
      }
      URI address = presigner.presign(URI.create("s3://" + bucket + path));
      if (endpoint.isPresent() && !isAt(address, endpoint.get())) {
        throw new IOException(
            "remote '"
                + name
                + "': expected addresses at its endpoint "
                + endpoint.get().getAuthority()
                + ", got a presigner of "
                + address.getHost()
                + ": give the presigner this endpoint");
      }
      return address;
    }

    /** The bucket may be part of the host. */
    private boolean isAt(URI address, URI where) {
      String host = String.valueOf(address.getAuthority()).toLowerCase(Locale.ROOT);
      String expected = String.valueOf(where.getAuthority()).toLowerCase(Locale.ROOT);
      return host.equals(expected) || host.equals(bucket.toLowerCase(Locale.ROOT) + "." + expected);
    }
  }
}
