package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The bundles that the specification and the releases of its reference tool bring along. */
class OmsVectorsTest {
  private static final String SIGNED = "signme-1,signme-2";

  @TempDir Path directory;

  private static Trust trust(String by) throws Exception {
    Path keys = Bench.resource("vectors/keys");
    return Trust.required(
        switch (by) {
          case "key" -> TrustedSigners.fromKeys(keys.resolve("signing-key-pub.pem"));
          case "root" -> TrustedSigners.fromRoots(keys.resolve("ca-cert.pem"));
          default -> throw new IllegalArgumentException(by);
        });
  }

  private void copy(String vector) throws Exception {
    Bench.write(directory, Bench.read(Bench.resource("vectors/" + vector)));
  }

  private void copySpecified(String vector) throws Exception {
    copy("v1.1.0-elliptic-key");
    Files.copy(
        Bench.resource("vectors/spec/" + vector + ".bundle.json"),
        directory.resolve(OmsBundle.FILE),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  @ParameterizedTest
  @CsvSource({
    "v0.3.1-certificate, root",
    "v1.0.0-certificate, root",
    "v1.0.1-certificate, root",
    "v1.0.1-elliptic-key, key",
    "v1.1.0-certificate, root",
    "v1.1.0-elliptic-key, key"
  })
  void bundle_ofReleaseOfTheTool_isAccepted(String vector, String by) throws Exception {
    copy(vector);
    if (vector.startsWith("v1.0.1")) {
      Files.delete(directory.resolve("ignore-me")); // that release ignored it on command, unsigned
    }
    assertThat(Bench.inspect(trust(by), directory)).isEqualTo(List.of(SIGNED.split(",")));
  }

  @ParameterizedTest
  @CsvSource({"key, key", "certificate, root", "key-simple-go, key"})
  void bundle_validInTheSpecification_isAccepted(String vector, String by) throws Exception {
    copySpecified(vector);
    if (vector.endsWith("-go")) {
      Files.delete(directory.resolve("ignore-me")); // its ignore_paths name it from elsewhere
    }
    assertThat(Bench.inspect(trust(by), directory)).isEqualTo(List.of(SIGNED.split(",")));
  }

  @ParameterizedTest
  @CsvSource({
    "missing-envelope, key, dsseEnvelope",
    "missing-verification-material, key, verificationMaterial",
    "missing-tlog-entries, key, keyless",
    "wrong-predicate, key, expected a signature",
    "key, root, expected a signature of",
    "certificate, key, expected a signature of"
  })
  void bundle_invalidInTheSpecification_isRefused(String vector, String by, String why)
      throws Exception {
    copySpecified(vector);
    assertThatThrownBy(() -> Bench.inspect(trust(by), directory))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining(why);
  }

  /** Valid for the reference tool, and refused here; each with its reason. */
  @ParameterizedTest
  @CsvSource({
    "v0.2.0-certificate, root, expected a signature of the key",
    "v0.3.1-elliptic-key, key, a single file without a name",
    "v1.0.0-elliptic-key, key, a single file without a name",
    "v1.0.1-certificate, root, ignore-me",
    "v1.0.1-elliptic-key, key, ignore-me",
    "v0.3.1-sigstore, root, keyless",
    "v1.0.0-sigstore, root, keyless",
    "v1.0.1-sigstore, root, keyless",
    "v1.1.0-sigstore, root, keyless"
  })
  void bundle_thatIsNotSupported_isRefusedWithTheReason(String vector, String by, String why)
      throws Exception {
    copy(vector);
    assertThatThrownBy(() -> Bench.inspect(trust(by), directory))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"garbage\": true}", "[]", "null", "\0"})
  void bundle_thatIsNone_isRefused(String text) throws Exception {
    copySpecified("key");
    Files.writeString(directory.resolve(OmsBundle.FILE), text);
    assertThatThrownBy(() -> Bench.inspect(trust("key"), directory)).isInstanceOf(Refusal.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "application/vnd.dev.sigstore.bundle.v0.3+json | application/json | mediaType",
        "application/vnd.in-toto+json | application/octet-stream | payloadType",
        "\"keyid\": \"\" | \"keyid\": \"x\" | keyid",
        "\"tlogEntries\": [] | \"tlogEntries\": [{}] | tlogEntries",
        "\"tlogEntries\": [] | \"tlogEntrees\": [] | tlogEntrees",
        "\"tlogEntries\": [] | \"timestampVerificationData\": {} | timestampVerificationData",
        "\"hint\": \"e8 | \"hint\": \"e7 | e7450dec",
        "\"mediaType\" | \"mediaType\": \"\", \"mediaType\" | Duplicate"
      })
  void bundle_withOneWrongField_isRefusedAndNamesIt(String from, String to, String why)
      throws Exception {
    copySpecified("key");
    Path file = directory.resolve(OmsBundle.FILE);
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
    assertThatThrownBy(() -> Bench.inspect(trust("key"), directory))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining(why);
  }

  @Test
  void bundle_withoutItsSignatures_isRefused() throws Exception {
    copySpecified("key");
    Path file = directory.resolve(OmsBundle.FILE);
    String text =
        Files.readString(file).replaceAll("(?s)\"signatures\": \\[.*?\\]", "\"signatures\": []");
    Files.writeString(file, text);
    assertThatThrownBy(() -> Bench.inspect(trust("key"), directory))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("signatures: expected one element, got 0");
  }

  @Test
  void bundle_cutAnywhere_isRefused() throws Exception {
    copySpecified("key");
    Path file = directory.resolve(OmsBundle.FILE);
    byte[] whole = Files.readString(file).strip().getBytes(StandardCharsets.UTF_8);
    for (int length = 0; length < whole.length; length += 7) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Bench.inspect(trust("key"), directory)).isInstanceOf(Refusal.class);
    }
  }

  @Test
  void files_thatAreNotThoseSigned_areRefusedByName() throws Exception {
    Map<String, String> changes =
        Map.of(
            "signme-1", "tampered", "signme-2", "", "extra.bin", "more", "sub/extra.bin", "more");
    for (Map.Entry<String, String> change : changes.entrySet()) {
      Bench.clear(directory);
      copySpecified("key");
      Bench.write(
          directory, Map.of(change.getKey(), change.getValue().getBytes(StandardCharsets.UTF_8)));
      assertThatThrownBy(() -> Bench.inspect(trust("key"), directory))
          .isInstanceOf(Refusal.class)
          .hasMessageContaining(change.getKey())
          .hasMessageContaining("expected");
    }
    Bench.clear(directory);
    copySpecified("key");
    Files.delete(directory.resolve("signme-1"));
    assertThatThrownBy(() -> Bench.inspect(trust("key"), directory))
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("signme-1");
  }
}
