package dev.inflight.dvc;

import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.dircache.DirCacheBuilder;
import org.eclipse.jgit.dircache.DirCacheEntry;
import org.eclipse.jgit.lib.CommitBuilder;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.TagBuilder;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;

/**
 * Commits, tags and pushes what DVC and GTO would, into a bare repository and a store of objects.
 */
final class Publisher implements AutoCloseable {
  private static final long START = 1_750_000_000;

  private final Path directory;
  private final Path store;
  private final Repository repository;
  private final Map<String, byte[]> tree = new TreeMap<>();
  private final Map<String, FileMode> modes = new TreeMap<>();
  private long seconds = START;
  private ObjectId head;

  Publisher(Path room) throws IOException {
    directory = room.resolve("models.git");
    store = Files.createDirectories(room.resolve("store"));
    repository = new FileRepositoryBuilder().setGitDir(directory.toFile()).setBare().build();
    repository.create(true);
  }

  Path directory() {
    return directory;
  }

  Path store() {
    return store;
  }

  Repository repository() {
    return repository;
  }

  String head() {
    return head.name();
  }

  /** Writes a file into the next commit. */
  Publisher write(String path, String text) {
    return write(path, text.getBytes(StandardCharsets.UTF_8));
  }

  Publisher write(String path, byte[] bytes) {
    tree.put(path, bytes);
    return this;
  }

  Publisher link(String path, String target) {
    modes.put(path, FileMode.SYMLINK);
    return write(path, target);
  }

  Publisher remove(String path) {
    tree.remove(path);
    return this;
  }

  /** What {@code dvc remote add -d storage} writes. */
  Publisher remote(String url) {
    return write(
        ".dvc/config",
        "[core]\n    remote = storage\n['remote \"storage\"']\n    url = " + url + "\n");
  }

  /** What {@code dvc artifacts} in {@code dvc.yaml} need. */
  Publisher artifact(String name, String path) {
    return write(
        "dvc.yaml", "artifacts:\n  " + name + ":\n    path: " + path + "\n    type: model\n");
  }

  static String md5(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  Path object(String oid) {
    return store.resolve("files/md5").resolve(oid.substring(0, 2)).resolve(oid.substring(2));
  }

  /** What {@code dvc push} does with a file, and with its digest. */
  String push(byte[] bytes, String suffix) throws IOException {
    String oid = md5(bytes) + suffix;
    Files.createDirectories(object(oid).getParent());
    Files.write(object(oid), bytes);
    return oid;
  }

  /** What {@code dvc add} and {@code dvc push} do with a file. */
  Publisher addFile(String path, byte[] bytes) throws IOException {
    String oid = push(bytes, "");
    String name = path.substring(path.lastIndexOf('/') + 1);
    return write(
        path + ".dvc",
        "outs:\n- md5: %s\n  size: %d\n  hash: md5\n  path: %s\n"
            .formatted(oid, bytes.length, name));
  }

  /** The same with a directory; the list is as it is given. */
  Publisher addDirectory(String path, Map<String, byte[]> files) throws IOException {
    StringBuilder list = new StringBuilder();
    long bytes = 0;
    for (Map.Entry<String, byte[]> file : new TreeMap<>(files).entrySet()) {
      list.append(list.isEmpty() ? "[" : ", ")
          .append("{\"md5\": \"%s\", \"relpath\": ".formatted(push(file.getValue(), "")))
          .append(json(file.getKey()))
          .append("}");
      bytes += file.getValue().length;
    }
    String oid = push(list.append("]").toString().getBytes(StandardCharsets.UTF_8), ".dir");
    return write(
        path + ".dvc",
        "outs:\n- md5: %s\n  size: %d\n  nfiles: %d\n  hash: md5\n  path: %s\n"
            .formatted(oid, bytes, files.size(), path.substring(path.lastIndexOf('/') + 1)));
  }

  /** As Python writes it. */
  private static String json(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        json.append("\\u%04x".formatted((int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }

  private PersonIdent person() {
    return new PersonIdent("p", "p@example.org", Instant.ofEpochSecond(++seconds), ZoneOffset.UTC);
  }

  /** Commits the tree as it is to the branch {@code main}. */
  String commit() throws IOException {
    try (ObjectInserter inserter = repository.newObjectInserter()) {
      DirCache cache = DirCache.newInCore();
      DirCacheBuilder builder = cache.builder();
      for (Map.Entry<String, byte[]> file : tree.entrySet()) {
        DirCacheEntry entry = new DirCacheEntry(file.getKey());
        entry.setFileMode(modes.getOrDefault(file.getKey(), FileMode.REGULAR_FILE));
        entry.setObjectId(inserter.insert(Constants.OBJ_BLOB, file.getValue()));
        builder.add(entry);
      }
      builder.finish();
      CommitBuilder commit = new CommitBuilder();
      commit.setTreeId(cache.writeTree(inserter));
      commit.setAuthor(person());
      commit.setCommitter(commit.getAuthor());
      commit.setMessage("commit");
      if (head != null) {
        commit.setParentId(head);
      }
      head = inserter.insert(commit);
      inserter.flush();
    }
    point("refs/heads/main", head);
    return head.name();
  }

  private void point(String name, ObjectId id) throws IOException {
    RefUpdate update = repository.updateRef(name);
    update.setNewObjectId(id);
    update.setForceUpdate(true);
    update.forceUpdate();
  }

  /** Tags the last commit, as GTO does. */
  Publisher tag(String name) throws IOException {
    return tag(name, head.name());
  }

  Publisher tag(String name, String commit) throws IOException {
    try (ObjectInserter inserter = repository.newObjectInserter()) {
      TagBuilder tag = new TagBuilder();
      tag.setTag(name);
      tag.setObjectId(ObjectId.fromString(commit), Constants.OBJ_COMMIT);
      tag.setTagger(person());
      tag.setMessage("tag");
      ObjectId id = inserter.insert(tag);
      inserter.flush();
      point("refs/tags/" + name, id);
    }
    return this;
  }

  /** Tags as {@code git tag} does without {@code -a}. */
  Publisher tagLightly(String name) throws IOException {
    point("refs/tags/" + name, head);
    return this;
  }

  Publisher untag(String name) throws IOException {
    RefUpdate update = repository.updateRef("refs/tags/" + name);
    update.setForceUpdate(true);
    update.delete();
    return this;
  }

  /** The one entry of a repository. */
  static Versions.Entry only(DvcRepository repository) throws IOException {
    return repository.versions("any name").entries().get(0);
  }

  @Override
  public void close() {
    repository.close();
  }
}
