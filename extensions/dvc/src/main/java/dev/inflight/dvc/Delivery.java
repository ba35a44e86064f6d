package dev.inflight.dvc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.inflight.fetch.Expected;
import dev.inflight.fetch.Staging;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Brings the files of one version to its directory. Nothing is taken whose digest, and whose size
 * where it is known, is not the recorded one.
 *
 * @param cache of a working tree, looked into first
 * @param sha256 that a single file must have
 */
record Delivery(
    Staging staging,
    Path target,
    Remote remote,
    Optional<Remote.Local> cache,
    Optional<String> sha256) {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  /** A file of a directory. */
  private record Item(String path, Data.Hash hash) {}

  private Remote holder(Data.Hash hash) {
    return cache.isPresent() && cache.get().has(hash.object()) ? cache.get() : remote;
  }

  void stored(Data.Stored data) throws IOException {
    if (!data.hash().directory()) {
      file(data.name(), data.hash(), data.bytes());
      return;
    }
    requireFile();
    List<Item> items = list(data);
    if (data.files() >= 0 && items.size() != data.files()) {
      throw staging.refused(
          "directory '"
              + data.path()
              + "': expected "
              + data.files()
              + " files, got "
              + items.size());
    }
    for (Item item : items) {
      file(item.path(), item.hash(), -1);
    }
    requireBytes(data);
  }

  void part(Data.Part data) throws IOException {
    String below = data.within() + "/";
    boolean found = false;
    for (Item item : list(data.directory())) {
      if (item.path().equals(data.within())) {
        file(data.name(), item.hash(), -1);
        return;
      }
      if (item.path().startsWith(below)) {
        requireFile();
        file(item.path().substring(below.length()), item.hash(), -1);
        found = true;
      }
    }
    if (!found) {
      throw staging.missing(
          "expected '" + data.within() + "' in '" + data.directory().path() + "', got none");
    }
  }

  private void requireFile() {
    if (sha256.isPresent()) {
      throw staging.refused(
          "expected a single file, for its meta has a sha256, got a directory: use"
              + " oms.root.sha256");
    }
  }

  private void file(String path, Data.Hash hash, long bytes) throws IOException {
    if (hash.directory()) {
      throw staging.refused("file '" + path + "': expected the digest of a file, got " + hash);
    }
    Expected expected = Expected.bytes(bytes);
    expected = sha256.isPresent() ? expected.withSha256(sha256.get()) : expected;
    expected = hash.legacy() ? expected : expected.withMd5(hash.md5());
    holder(hash).fetch(staging, path, expected, hash.object());
    if (hash.legacy()) {
      requireLegacy(path, hash);
    }
  }

  private void requireLegacy(String path, Data.Hash hash) throws IOException {
    try (InputStream in = Files.newInputStream(target.resolve(path))) {
      Set<String> got = Dos2Unix.digests(in);
      if (!got.contains(hash.md5())) {
        throw staging.refused(
            "file '" + path + "': expected " + hash + ", got " + String.join(" or ", got));
      }
    }
  }

  private void requireBytes(Data.Stored data) throws IOException {
    long bytes = 0;
    for (String path : staging.files().keySet()) {
      bytes += Files.size(target.resolve(path));
    }
    if (data.bytes() >= 0 && bytes != data.bytes()) {
      throw staging.refused(
          "directory '"
              + data.path()
              + "': expected "
              + data.bytes()
              + " bytes in all, got "
              + bytes);
    }
  }

  /** The files of a directory, whose list is first shown to be the one that was recorded. */
  private List<Item> list(Data.Stored directory) throws IOException {
    Data.Hash hash = directory.hash();
    String path = directory.path();
    String text = holder(hash).list(staging, path, hash.object());
    String got = md5(text);
    if (!got.equals(hash.md5())) {
      throw staging.refused("directory '" + path + "': expected " + hash + ", got md5 " + got);
    }
    List<Item> items = new ArrayList<>();
    try {
      for (JsonNode entry : JSON.readTree(text)) {
        String md5 = entry.path("md5").asText("");
        items.add(new Item(entry.path("relpath").asText(""), Data.Hash.parse(md5, hash.legacy())));
      }
    } catch (JsonProcessingException e) {
      throw staging.refused("directory '" + path + "': expected a list in JSON, got none");
    } catch (RefusedException e) {
      throw staging.refused("directory '" + path + "': " + e.reason());
    }
    if (items.size() > staging.limits().files()) {
      throw staging.refused("expected at most " + staging.limits().files() + " files, got more");
    }
    return items;
  }

  private static String md5(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has MD5", e);
    }
  }

  /** Copies files of Git. */
  static void inGit(Staging staging, Data.InGit data, Optional<String> sha256)
      throws IOException, RefusedException {
    boolean file = data.node().kind() == Commit.Kind.FILE;
    if (!file && sha256.isPresent()) {
      throw staging.refused("expected a single file, for its meta has a sha256, got a directory");
    }
    Commit commit = data.commit();
    List<Commit.Node> nodes = file ? List.of(data.node()) : commit.below(data.node(), any -> true);
    for (Commit.Node node : nodes) {
      String path = file ? data.name() : node.path();
      Expected expected = Expected.bytes(commit.size(node));
      expected = sha256.isPresent() ? expected.withSha256(sha256.get()) : expected;
      if (file && data.hash().isPresent() && !data.hash().get().legacy()) {
        expected = expected.withMd5(data.hash().get().md5());
      }
      try (InputStream in = commit.open(node)) {
        staging.write(path, expected, in);
      }
    }
  }
}
