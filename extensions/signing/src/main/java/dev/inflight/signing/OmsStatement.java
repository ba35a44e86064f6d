package dev.inflight.signing;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an OMS bundle signs: an in-toto statement with the digest of each file, or of each shard of
 * each file. Read after its signature was checked, and strictly all the same: signers err.
 *
 * @param shardSize 0 if files are hashed as a whole
 * @param ignored what the signer left out, files or directories
 */
record OmsStatement(List<Resource> resources, long shardSize, Set<String> ignored) {
  static final String STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
  static final String PREDICATE_TYPE = "https://model_signing/signature/v1.0";
  static final String HASH = "sha256";
  static final String FILES = "files";
  private static final String SHARDS = "shards";

  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  /** Nine quintillion is enough: a longer number does not fit a file's size. */
  private static final Pattern SHARD =
      Pattern.compile("(.+):(0|[1-9][0-9]{0,17}):([1-9][0-9]{0,17})", Pattern.DOTALL);

  private static final int BUFFER = 1 << 16;

  /** A file or shard and its SHA-256. */
  record Resource(String name, String digest) {}

  private record Shard(long start, long end, String digest) {}

  static OmsStatement read(byte[] payload) throws Refusal {
    Json statement = Json.read(payload, "statement");
    statement.only("_type", "subject", "predicateType", "predicate");
    statement.field("_type").is(STATEMENT_TYPE);
    statement.field("predicateType").is(PREDICATE_TYPE);
    Json predicate = statement.field("predicate").only("resources", "serialization");
    Json serialization =
        predicate
            .field("serialization")
            .only("method", "hash_type", "shard_size", "allow_symlinks", "ignore_paths");
    long shardSize = shardSize(serialization);
    serialization.field("hash_type").is(HASH);
    serialization.field("allow_symlinks").flag(); // no link is followed here, whatever it says
    List<Resource> resources = resources(predicate.field("resources"), shardSize);
    requireRoot(statement.field("subject").single(), resources);
    return new OmsStatement(resources, shardSize, ignored(serialization));
  }

  private static long shardSize(Json serialization) throws Refusal {
    String method = serialization.field("method").text();
    Optional<Json> size = serialization.optional("shard_size");
    if (method.equals(FILES) && size.isEmpty()) {
      return 0;
    }
    if (method.equals(SHARDS) && size.isPresent()) {
      return size.get().positive();
    }
    throw new Refusal(
        serialization.place()
            + ": expected method files, or shards with a shard_size, got "
            + Refusal.quoted(method)
            + (size.isPresent() ? " with" : " without")
            + " a shard_size");
  }

  private static Set<String> ignored(Json serialization) throws Refusal {
    Set<String> ignored = new HashSet<>(Contents.IGNORED);
    Optional<Json> more = serialization.optional("ignore_paths");
    if (more.isPresent()) {
      for (Json each : more.get().elements()) {
        // One that leads out of the model, as for a signature beside it, matches nothing inside.
        ignored.add(each.text());
      }
    }
    return ignored;
  }

  private static List<Resource> resources(Json list, long shardSize) throws Refusal {
    List<Resource> resources = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Json each : list.elements()) {
      String name = each.field("name").text();
      String algorithm = each.field("algorithm").text();
      String digest = each.field("digest").text();
      // The reference tool has the size of shards in the name of their algorithm.
      boolean known =
          algorithm.equals(HASH)
              || (shardSize > 0 && algorithm.equals(HASH + "-sharded-" + shardSize));
      if (!known) {
        throw new Refusal(
            each.place()
                + ".algorithm: expected sha256, got "
                + Refusal.quoted(algorithm)
                + "; sign with sha256");
      }
      if (!DIGEST.matcher(digest).matches()) {
        throw new Refusal(
            each.place()
                + ".digest: expected 64 lower-case hex digits, got "
                + Refusal.quoted(digest));
      }
      if (name.equals(".")) {
        throw new Refusal(
            each.place()
                + ".name: expected a path, got '.', a single file without a name; sign the"
                + " directory that holds it");
      }
      if (!names.add(name)) {
        throw new Refusal(
            each.place() + ".name: expected each once, got " + Refusal.quoted(name) + " again");
      }
      resources.add(new Resource(name, digest));
    }
    if (resources.isEmpty()) {
      throw new Refusal(list.place() + ": expected at least one file, got none");
    }
    return resources;
  }

  private static void requireRoot(Json subject, List<Resource> resources) throws Refusal {
    if (subject.field("name").text().isEmpty()) {
      throw new Refusal(subject.place() + ".name: expected a name, got none");
    }
    String got = Contents.root(resources.stream().map(Resource::digest).toList());
    // The name is what the signer's directory was called, and says nothing.
    subject.field("digest").field(HASH).is(got);
  }

  /** {@return the files of the statement} See {@link VersionSignature#cover}. */
  SortedMap<String, String> cover(Contents contents) throws IOException, Refusal {
    SortedMap<String, String> covered = new TreeMap<>(Contents.ORDER);
    if (shardSize == 0) {
      for (Resource resource : resources) {
        String got = requireThere(resource.name(), contents);
        if (!got.equals(resource.digest())) {
          throw new Refusal(
              "file "
                  + Refusal.quoted(resource.name())
                  + ": expected sha256 "
                  + resource.digest()
                  + " as signed, got "
                  + got);
        }
        covered.put(resource.name(), got);
      }
    } else {
      for (Map.Entry<String, List<Shard>> file : shards().entrySet()) {
        covered.put(file.getKey(), requireThere(file.getKey(), contents));
        requireShards(contents.directory().resolve(file.getKey()), file.getKey(), file.getValue());
      }
    }
    for (String file : contents.files().keySet()) {
      if (!covered.containsKey(file)
          && !file.equals(OmsBundle.FILE)
          && !Contents.isBelow(file, ignored)) {
        throw new Refusal(
            "file "
                + Refusal.quoted(file)
                + ": expected signed files only, got one that is not signed"
                + (shardSize > 0 ? " (shards leave out empty files: sign whole files)" : ""));
      }
    }
    return covered;
  }

  private static String requireThere(String name, Contents contents) throws Refusal {
    Contents.requirePlain(name, "signed file");
    if (VersionSignature.FILES.contains(name)) {
      throw new Refusal("signed file: expected no signature file, got " + name);
    }
    String got = contents.files().get(name);
    if (got == null) {
      throw new Refusal("file " + Refusal.quoted(name) + ": expected as signed, got none");
    }
    return got;
  }

  private Map<String, List<Shard>> shards() throws Refusal {
    Map<String, TreeMap<Long, Shard>> byFile = new LinkedHashMap<>();
    for (Resource resource : resources) {
      Matcher name = SHARD.matcher(resource.name());
      if (!name.matches()) {
        throw new Refusal(
            "shard: expected <path>:<start>:<end>, got " + Refusal.quoted(resource.name()));
      }
      Shard shard =
          new Shard(
              Long.parseLong(name.group(2)), Long.parseLong(name.group(3)), resource.digest());
      Shard same =
          byFile.computeIfAbsent(name.group(1), file -> new TreeMap<>()).put(shard.start(), shard);
      if (same != null) {
        throw new Refusal(
            "shard: expected each start once, got " + Refusal.quoted(resource.name()));
      }
    }
    Map<String, List<Shard>> shards = new LinkedHashMap<>();
    for (Map.Entry<String, TreeMap<Long, Shard>> file : byFile.entrySet()) {
      shards.put(file.getKey(), List.copyOf(file.getValue().values()));
    }
    return shards;
  }

  /** The shards follow each other from the first byte of the file to its last. */
  private void requireShards(Path file, String name, List<Shard> shards)
      throws IOException, Refusal {
    long size = Files.size(file);
    long position = 0;
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      for (Shard shard : shards) {
        long end = position + Math.min(shardSize, size - position);
        if (shard.start() != position || shard.end() != end) {
          throw new Refusal(
              "file "
                  + Refusal.quoted(name)
                  + ": expected a shard from "
                  + position
                  + " to "
                  + end
                  + ", got one from "
                  + shard.start()
                  + " to "
                  + shard.end());
        }
        String got = sha256(in, end - position);
        if (!got.equals(shard.digest())) {
          throw new Refusal(
              "file "
                  + Refusal.quoted(name)
                  + " from "
                  + position
                  + ": expected sha256 "
                  + shard.digest()
                  + " as signed, got "
                  + got);
        }
        position = end;
      }
    }
    if (position != size) {
      throw new Refusal(
          "file "
              + Refusal.quoted(name)
              + ": expected shards for "
              + size
              + " bytes, got them for "
              + position);
    }
  }

  private static String sha256(InputStream in, long length) throws IOException {
    MessageDigest sha = Contents.sha256();
    byte[] buffer = new byte[BUFFER];
    for (long left = length; left > 0; ) {
      int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (read < 0) {
        throw new EOFException("expected " + left + " more bytes");
      }
      sha.update(buffer, 0, read);
      left -= read;
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  /** {@return the statement about these files, as bytes to be signed} */
  static byte[] of(String model, SortedMap<String, String> files) {
    List<Map<String, String>> resources = new ArrayList<>();
    files.forEach(
        (name, digest) -> {
          Map<String, String> resource = new LinkedHashMap<>();
          resource.put("name", name);
          resource.put("digest", digest);
          resource.put("algorithm", HASH);
          resources.add(resource);
        });
    Map<String, Object> serialization = new LinkedHashMap<>();
    serialization.put("method", FILES);
    serialization.put("hash_type", HASH);
    serialization.put("allow_symlinks", false);
    Set<String> ignored = new java.util.TreeSet<>(Contents.IGNORED);
    ignored.add(OmsBundle.FILE);
    serialization.put("ignore_paths", ignored);
    Map<String, Object> predicate = new LinkedHashMap<>();
    predicate.put("resources", resources);
    predicate.put("serialization", serialization);
    Map<String, Object> statement = new LinkedHashMap<>();
    statement.put("_type", STATEMENT_TYPE);
    statement.put(
        "subject",
        List.of(Map.of("name", model, "digest", Map.of(HASH, Contents.root(files.values())))));
    statement.put("predicateType", PREDICATE_TYPE);
    statement.put("predicate", predicate);
    return Json.write(statement);
  }
}
