package dev.inflight.mlflow;

import dev.inflight.fetch.Expected;
import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Presigner;
import dev.inflight.fetch.Staging;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Where the files of one version are. */
interface ArtifactStore {
  /** A file, by its path below the version's root; -1 bytes if the store does not say. */
  record Item(String path, long bytes) {
    Expected expected() {
      return bytes < 0 ? Expected.nothing() : Expected.bytes(bytes);
    }
  }

  /** {@return all files; each of their paths was checked} */
  List<Item> list(Staging staging) throws IOException;

  void fetch(Item item, Staging staging) throws IOException;

  /** One directory of a listing on a server. */
  interface Directory {
    List<MlflowServer.Item> list(String path) throws IOException;
  }

  /**
   * {@return the files below a root}
   *
   * @param prefix of the paths in the answers, which are left away; the names alone, if null
   */
  private static List<Item> walk(Staging staging, Directory directory, @Nullable String prefix)
      throws IOException {
    List<Item> files = new ArrayList<>();
    List<String> waiting = new ArrayList<>(List.of(""));
    for (int next = 0; next < waiting.size(); next++) {
      String parent = waiting.get(next);
      for (MlflowServer.Item item : directory.list(parent)) {
        String path =
            prefix == null
                ? parent + name(staging, item.path())
                : below(staging, prefix, parent, item.path());
        staging.requireInside(path);
        if (item.directory()) {
          waiting.add(path + "/");
        } else {
          files.add(new Item(path, item.bytes()));
        }
        if (files.size() + waiting.size() > staging.limits().files()) {
          throw staging.refused(
              "expected at most " + staging.limits().files() + " files, got more");
        }
      }
    }
    return files;
  }

  private static String name(Staging staging, String name) {
    if (name.indexOf('/') >= 0) {
      throw staging.refused(
          "expected plain names in a listing, got '" + Staging.printable(name) + "'");
    }
    return name;
  }

  private static String below(Staging staging, String prefix, String parent, String path) {
    if (!path.startsWith(prefix + parent)) {
      throw staging.refused(
          "expected paths below '"
              + prefix
              + parent
              + "' in a listing, got '"
              + Staging.printable(path)
              + "'");
    }
    return path.substring(prefix.length());
  }

  private static String trim(String directory) {
    return directory.endsWith("/") ? directory.substring(0, directory.length() - 1) : directory;
  }

  /**
   * {@code mlflow-artifacts:/<root>}: the tracking server hands out the files of its store.
   *
   * @param proxy {@code .../api/2.0/mlflow-artifacts}
   */
  record Proxied(MlflowServer server, URI proxy, String root, PresignedUrls presigned)
      implements ArtifactStore {
    /** {@return the store of such an address} */
    static Proxied of(MlflowServer server, String address, PresignedUrls presigned)
        throws IOException {
      String rest = address.substring("mlflow-artifacts:".length());
      String base = server.base().toString();
      if (rest.startsWith("//")) {
        int slash = rest.indexOf('/', 2);
        if (slash < 0) {
          throw new IOException("artifacts: expected a path in '" + address + "', got none");
        }
        if (slash > 2) {
          base = server.base().getScheme() + ":" + rest.substring(0, slash);
        }
        rest = rest.substring(slash);
      }
      String root = trim(rest.replaceFirst("^/+", ""));
      URI proxy = URI.create(base + "/api/2.0/mlflow-artifacts");
      return new Proxied(server, proxy, root, presigned);
    }

    @Override
    public List<Item> list(Staging staging) throws IOException {
      URI listing = URI.create(proxy + "/artifacts");
      return walk(staging, path -> server.proxiedItems(listing, trim(root + "/" + path)), null);
    }

    @Override
    public void fetch(Item item, Staging staging) throws IOException {
      String path = HttpSource.encodedPath(root + "/" + item.path());
      URI direct = presigned.find(server.http(), URI.create(proxy + "/presigned/" + path));
      staging.download(
          item.path(),
          item.expected(),
          server.http(),
          direct != null ? direct : URI.create(proxy + "/artifacts/" + path));
    }
  }

  /** Any other store, of which the tracking server lists and hands out the files of a run. */
  record OfRun(MlflowServer server, String run, String root) implements ArtifactStore {
    @Override
    public List<Item> list(Staging staging) throws IOException {
      String prefix = root.isEmpty() ? "" : root + "/";
      return walk(staging, path -> server.runItems(run, trim(prefix + path)), prefix);
    }

    @Override
    public void fetch(Item item, Staging staging) throws IOException {
      String path = root.isEmpty() ? item.path() : root + "/" + item.path();
      staging.download(
          item.path(),
          item.expected(),
          server.http(),
          server.uri("/get-artifact", "run_id", run, "path", path));
    }
  }

  /** The same of a logged model. */
  record OfLogged(MlflowServer server, String id) implements ArtifactStore {
    @Override
    public List<Item> list(Staging staging) throws IOException {
      return walk(staging, path -> server.loggedItems(id, trim(path)), "");
    }

    @Override
    public void fetch(Item item, Staging staging) throws IOException {
      staging.download(
          item.path(),
          item.expected(),
          server.http(),
          server.uri(
              "/ajax-api/2.0/mlflow/logged-models/" + HttpSource.encoded(id) + "/artifacts/files",
              "artifact_file_path",
              item.path()));
    }
  }

  /**
   * A store whose files are fetched from itself, by signed addresses; what is in it the tracking
   * server knows.
   *
   * @param root {@code <scheme>://<authority>/<path>}, not encoded, as MLflow writes it
   */
  record Signed(ArtifactStore listing, String root, Presigner presigner, HttpSource http)
      implements ArtifactStore {
    @Override
    public List<Item> list(Staging staging) throws IOException {
      return listing.list(staging);
    }

    @Override
    public void fetch(Item item, Staging staging) throws IOException {
      int authority = root.indexOf("://") + "://".length();
      int path = root.indexOf('/', authority);
      String store = path < 0 ? root : root.substring(0, path);
      String file = (path < 0 ? "" : trim(root.substring(path))) + "/" + item.path();
      URI address;
      try {
        address = URI.create(store + HttpSource.encodedPath(file));
      } catch (IllegalArgumentException e) {
        throw staging.missing("expected a store such as s3://bucket/path, got another address");
      }
      staging.download(item.path(), item.expected(), http, presigner.presign(address));
    }

    /** {@return whether somebody may know such a store: not a path, not a file of this machine} */
    static boolean fits(String root) {
      return root.matches("(?s)(?!(?i:file):)[A-Za-z][A-Za-z0-9+.-]*://[^/]+.*");
    }
  }

  /** A directory on this machine, below one that was allowed. */
  record Local(Path root) implements ArtifactStore {
    /** {@return the path that a {@code file:} address or a plain path means; null if neither} */
    static @Nullable Path path(String address) {
      if (address.startsWith("/")) {
        return Path.of(address);
      }
      return address.toLowerCase(Locale.ROOT).startsWith("file:")
          ? Path.of(URI.create(address))
          : null;
    }

    @Override
    public List<Item> list(Staging staging) throws IOException {
      List<Item> files = new ArrayList<>();
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              String path = root.relativize(file).toString().replace('\\', '/');
              if (!attributes.isRegularFile()) {
                throw staging.refused("expected files only, got a link: '" + path + "'");
              }
              staging.requireInside(path);
              files.add(new Item(path, attributes.size()));
              return FileVisitResult.CONTINUE;
            }
          });
      return files;
    }

    @Override
    public void fetch(Item item, Staging staging) throws IOException {
      staging.copy(item.path(), item.expected(), root.resolve(item.path()));
    }
  }
}
