package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Statements that a trusted signer signed, right and wrong ones. */
class OmsStatementTest {
  private static final byte[] CONTENT = "0123456789".getBytes(StandardCharsets.UTF_8);
  private static final String FILES =
      "{\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false}";
  private static final String SHARDS_OF_4 =
      "{\"method\":\"shards\",\"hash_type\":\"sha256\",\"shard_size\":4,\"allow_symlinks\":false}";

  private static KeyPair pair;

  @TempDir Path directory;

  @BeforeAll
  static void generate() throws Exception {
    pair = Bench.pair(KeyKind.P256);
  }

  @BeforeEach
  void writeModel() throws Exception {
    Bench.write(directory, Map.of("model.onnx", CONTENT));
  }

  private static String sha(byte[] bytes) {
    return HexFormat.of().formatHex(Contents.sha256().digest(bytes));
  }

  private static String resource(String name, String digest, String algorithm) {
    return "{\"name\":\""
        + name
        + "\",\"digest\":\""
        + digest
        + "\",\"algorithm\":\""
        + algorithm
        + "\",\"uri\":\"unknown fields are none of our business\"}";
  }

  private static String shard(int start, int end) {
    return resource(
        "model.onnx:" + start + ":" + end, sha(Arrays.copyOfRange(CONTENT, start, end)), "sha256");
  }

  private static String statement(String serialization, String... resources) {
    List<String> digests = new ArrayList<>();
    for (String resource : resources) {
      String digest = resource.replaceAll(".*\"digest\":\"([^\"]*)\".*", "$1");
      digests.add(digest.matches("([0-9a-f]{2})*") ? digest : "");
    }
    return "{\"_type\":\""
        + OmsStatement.STATEMENT_TYPE
        + "\",\"subject\":[{\"name\":\"m\",\"digest\":{\"sha256\":\""
        + Contents.root(digests)
        + "\"}}],\"predicateType\":\""
        + OmsStatement.PREDICATE_TYPE
        + "\",\"predicate\":{\"resources\":["
        + String.join(",", resources)
        + "],\"serialization\":"
        + serialization
        + "}}";
  }

  private List<String> inspect(String statement) throws Exception {
    Files.write(directory.resolve(OmsBundle.FILE), Bench.bundle(pair, statement));
    return Bench.inspect(Trust.required(Bench.trusted(pair)), directory);
  }

  private void assertRefused(String statement, String why) {
    assertThatThrownBy(() -> inspect(statement))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining(why)
        .hasMessageContaining("expected");
  }

  private static String whole() {
    return resource("model.onnx", sha(CONTENT), "sha256");
  }

  @Test
  void statement_ofWholeFiles_isAccepted() throws Exception {
    assertThat(inspect(statement(FILES, whole()))).containsExactly("model.onnx");
  }

  @Test
  void statement_ofShards_isAccepted() throws Exception {
    String statement = statement(SHARDS_OF_4, shard(0, 4), shard(4, 8), shard(8, 10));
    assertThat(inspect(statement)).containsExactly("model.onnx");
    String asTheToolWritesIt = statement.replace("\"sha256\",\"uri", "\"sha256-sharded-4\",\"uri");
    assertThat(inspect(asTheToolWritesIt)).containsExactly("model.onnx");
  }

  @Test
  void statement_ofShardsThatAreNotTheFile_isRefused() {
    assertRefused(statement(SHARDS_OF_4, shard(0, 4), shard(4, 8)), "for 10 bytes");
    assertRefused(statement(SHARDS_OF_4, shard(0, 4), shard(8, 10)), "from 4 to 8");
    assertRefused(statement(SHARDS_OF_4, shard(4, 8), shard(8, 10)), "from 0 to 4");
    assertRefused(statement(SHARDS_OF_4, shard(0, 5), shard(5, 10)), "from 0 to 4");
    assertRefused(statement(SHARDS_OF_4, shard(0, 4), shard(0, 5)), "each start once");
    assertRefused(statement(SHARDS_OF_4, whole()), "<path>:<start>:<end>");
    assertRefused(
        statement(
            SHARDS_OF_4,
            shard(0, 4),
            shard(4, 8),
            resource("model.onnx:8:10", "00".repeat(32), "sha256")),
        "from 8");
  }

  @Test
  void emptyFile_besideShards_isRefused() throws Exception {
    Files.createFile(directory.resolve("empty"));
    assertRefused(
        statement(SHARDS_OF_4, shard(0, 4), shard(4, 8), shard(8, 10)), "shards leave out empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"blake2b", "blake3", "sha1", "SHA256", "sha256-sharded-4", ""})
  void hash_otherThanSha256_isRefusedByName(String hash) {
    assertRefused(
        statement(FILES, resource("model.onnx", sha(CONTENT), hash)), "got '" + hash + "'");
    assertRefused(statement(FILES.replace("sha256", hash), whole()), "got '" + hash + "'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../model.onnx", "/model.onnx", "./model.onnx", "a/../model.onnx", "a//model.onnx", "",
        "model.onnx/", "a\\\\model.onnx", "model.onnx\\u0000", "model\\n.onnx", "..", "model.sig"
      })
  void name_thatIsHostile_isRefused(String name) {
    assertRefused(statement(FILES, whole(), resource(name, sha(CONTENT), "sha256")), "expected");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"method\":\"tar\",\"hash_type\":\"sha256\",\"allow_symlinks\":false} | 'tar'",
        "{\"method\":\"files\",\"hash_type\":\"sha256\"} | allow_symlinks",
        "{\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":\"no\"} | allow_symlinks",
        "{\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"shard_size\":4} | shard_size",
        "{\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false} | shard_size",
        "{\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"shard_size\":0} | shard_size",
        "{\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"only\":1} | 'only'",
        "{\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"ignore_paths\":\"x\"} | ignore_paths",
        "{\"method\":\"files\",\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false} | Duplicate",
        "[] | serialization"
      })
  void serialization_thatIsNoneOfTheSpecification_isRefused(String serialization, String why) {
    assertRefused(statement(serialization, whole()), why);
  }

  @Test
  void statement_wrongInOneField_isRefused() {
    String right = statement(FILES, whole());
    assertRefused(right.replace("Statement/v1", "Statement/v0.1"), "_type");
    assertRefused(right.replace("signature/v1.0", "Digests/v0.1"), "predicateType");
    assertRefused(right.replace("\"name\":\"m\"", "\"name\":\"\""), "subject");
    assertRefused(right.replaceAll("\"sha256\":\"[0-9a-f]{2}", "\"sha256\":\"zz"), "subject");
    assertRefused(
        right.replace(sha(CONTENT), sha(CONTENT).toUpperCase(java.util.Locale.ROOT)), "hex");
    assertRefused(right.replaceAll("\"resources\":\\[.*?\\]", "\"resources\":[]"), "at least one");
    assertRefused(right + "{}", "JSON");
    assertRefused(statement(FILES, whole(), whole()), "each once");
    assertRefused(statement(FILES, resource(".", sha(CONTENT), "sha256")), "sign the directory");
    assertRefused(right.replace(",\"serialization\":" + FILES, ""), "serialization");
  }

  /** The signer may leave files out; then nobody loads them, wherever they come from. */
  @Test
  void fileBelowIgnoredPath_isNoPartOfWhatIsLoaded() throws Exception {
    Bench.write(
        directory,
        Map.of(
            "cache/evil.onnx", CONTENT,
            ".git/config", CONTENT,
            ".gitignore", CONTENT));
    String ignoring =
        FILES.replace("}", ",\"ignore_paths\":[\"cache\",\"../outside\",\"model.onnx\"]}");
    assertThat(inspect(statement(ignoring, whole()))).containsExactly("model.onnx");
    assertRefused(statement(FILES, whole()), "cache/evil.onnx");
    Bench.write(directory, Map.of("sub/.git/config", CONTENT));
    assertRefused(statement(ignoring, whole()), "sub/.git/config");
  }

  @Test
  void fileThatIsListedAndIgnored_mustBeAsListed() throws Exception {
    String ignoring = FILES.replace("}", ",\"ignore_paths\":[\"model.onnx\"]}");
    Files.writeString(directory.resolve("model.onnx"), "tampered");
    assertRefused(statement(ignoring, whole()), "model.onnx");
  }

  @Test
  void link_anywhere_isRefused() throws Exception {
    Files.createSymbolicLink(directory.resolve("link"), directory.resolve("model.onnx"));
    String allowing = FILES.replace("false", "true");
    assertRefused(statement(allowing, whole(), resource("link", sha(CONTENT), "sha256")), "a link");
    Files.delete(directory.resolve("link"));
    Files.createSymbolicLink(directory.resolve(".git"), directory);
    assertRefused(statement(FILES, whole()), "a link");
  }

  /** Base64 has spare bits before its padding, and decoders that pass over them. */
  @Test
  void base64_inAnotherForm_isRefused() throws Exception {
    String key = Bench.base64(pair.getPublic().getEncoded()); // 91 bytes: four spare bits
    assertThat(key).endsWith("==");
    char last = key.charAt(key.length() - 3);
    String spare = key.substring(0, key.length() - 3) + (char) (last + 1) + "==";
    assertThat(Base64.getDecoder().decode(spare)).isEqualTo(pair.getPublic().getEncoded());
    String statement = statement(FILES, whole());
    for (String wrong :
        List.of(spare, key.replace("==", ""), key.replace("==", "="), key + "\\n")) {
      Files.write(
          directory.resolve(OmsBundle.FILE),
          Bench.bundle(pair, statement, "{\"publicKey\":{\"rawBytes\":\"" + wrong + "\"}}"));
      assertThatThrownBy(() -> Bench.inspect(Trust.required(Bench.trusted(pair)), directory))
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("rawBytes: expected Base64");
    }
    Files.write(
        directory.resolve(OmsBundle.FILE),
        Bench.bundle(pair, statement, "{\"publicKey\":{\"rawBytes\":\"" + key + "\"}}"));
    assertThat(Bench.inspect(Trust.required(Bench.trusted(pair)), directory)).isNotEmpty();
  }
}
