package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line: what it does, what it says, and how it ends. */
class MainTest {
  @TempDir Path room;
  private Path model;
  private Path privateKey;
  private Path publicKey;
  private String out = "";
  private String err = "";

  @BeforeEach
  void writeModel() throws IOException {
    model = Bench.write(Files.createDirectory(room.resolve("1")), Bench.model(3));
    privateKey = room.resolve("keys/private.pem");
    publicKey = room.resolve("keys/public.pem");
  }

  private int run(Object... args) {
    ByteArrayOutputStream to = new ByteArrayOutputStream();
    ByteArrayOutputStream wrong = new ByteArrayOutputStream();
    String[] texts = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      texts[i] = args[i].toString();
    }
    int code =
        Main.run(
            new PrintStream(to, true, StandardCharsets.UTF_8),
            new PrintStream(wrong, true, StandardCharsets.UTF_8),
            texts);
    out = to.toString(StandardCharsets.UTF_8);
    err = wrong.toString(StandardCharsets.UTF_8);
    assertThat(out + err).endsWith("\n").containsOnlyOnce("\n").doesNotContain("null");
    assertThat(out.isEmpty()).isEqualTo(code != Main.DONE);
    return code;
  }

  private static String pem(Path file) throws IOException {
    return Files.readString(file).lines().skip(1).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @EnumSource
  void model_signedWithAnyKindOfKey_isVerified(KeyKind kind) throws Exception {
    assertThat(run("keygen", room.resolve("keys"), "--algorithm", kind)).isEqualTo(Main.DONE);
    assertThat(out).contains(kind.toString()).doesNotContain(pem(privateKey));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(privateKey)))
        .isEqualTo("rw-------");
    assertThat(run("sign", model, "--key", privateKey)).isEqualTo(Main.DONE);
    assertThat(out).doesNotContain(pem(privateKey));
    assertThat(run("verify", model, "--key", publicKey)).isEqualTo(Main.DONE);
    assertThat(out).contains("5 files");
    Files.writeString(model.resolve("labels.txt"), "tampered");
    assertThat(run("verify", model, "--key", publicKey)).isEqualTo(Main.REFUSED);
    assertThat(err).startsWith("refused: ").contains("labels.txt");
  }

  @Test
  void model_signedByAnother_isRefused() {
    run("keygen", room.resolve("keys"));
    run("keygen", room.resolve("others"));
    run("sign", model, "--key", room.resolve("others/private.pem"));
    assertThat(run("verify", model, "--key", publicKey)).isEqualTo(Main.REFUSED);
    assertThat(err).contains("expected a signature of");
  }

  @Test
  void model_signedWithACertificate_isVerified() throws Exception {
    Path certificates = Bench.resource("certificates");
    Path chain = Bench.chain("signer", "intermediate");
    Path root = certificates.resolve("root.pem");
    assertThat(run("sign", model, "--key", certificates.resolve("signer.key"), "--cert", chain))
        .isEqualTo(Main.DONE);
    assertThat(run("verify", model, "--roots", root)).isEqualTo(Main.DONE);
    String subject = "CN=signer,O=Inflight tests";
    assertThat(run("verify", model, "--roots", root, "--subject", subject)).isEqualTo(Main.DONE);
    assertThat(run("verify", model, "--roots", root, "--subject", "CN=x")).isEqualTo(Main.REFUSED);
    Path other = certificates.resolve("other-root.pem");
    assertThat(run("verify", model, "--roots", other)).isEqualTo(Main.REFUSED);
    run("keygen", room.resolve("keys"));
    assertThat(run("sign", model, "--key", privateKey, "--cert", chain)).isEqualTo(Main.FAILED);
    assertThat(err).contains("expected the certificate of the key first");
  }

  @Test
  void digest_isTheOneThatVerifies() {
    assertThat(run("digest", model)).isEqualTo(Main.DONE);
    String root = out.strip();
    assertThat(root).matches("[0-9a-f]{64}");
    assertThat(run("verify", model, "--digest", root)).isEqualTo(Main.DONE);
    run("keygen", room.resolve("keys"));
    run("sign", model, "--key", privateKey);
    assertThat(run("digest", model)).isEqualTo(Main.DONE);
    assertThat(out.strip()).isEqualTo(root);
    assertThat(run("verify", model, "--digest", "0".repeat(64))).isEqualTo(Main.REFUSED);
    assertThat(err).contains(root);
  }

  /** The root digest of a bundle that the reference tool made. */
  @Test
  void digest_ofAVector_isTheOneInItsStatement() throws Exception {
    Bench.clear(model);
    Bench.write(model, Bench.read(Bench.resource("vectors/v1.1.0-elliptic-key")));
    Files.delete(model.resolve("ignore-me"));
    run("digest", model);
    assertThat(out.strip())
        .isEqualTo("92745110b1ab4368471cbe31664e10174e954b113a3df333db860317b2c6dec4");
  }

  @Test
  void fileThatIsThere_isReplacedByForceOnly() throws Exception {
    run("keygen", room.resolve("keys"));
    String before = Files.readString(privateKey);
    assertThat(run("keygen", room.resolve("keys"))).isEqualTo(Main.FAILED);
    assertThat(err).contains("--force");
    assertThat(privateKey).hasContent(before);
    run("sign", model, "--key", privateKey);
    byte[] signature = Files.readAllBytes(model.resolve(OmsBundle.FILE));
    assertThat(run("sign", model, "--key", privateKey)).isEqualTo(Main.FAILED);
    assertThat(model.resolve(OmsBundle.FILE)).hasBinaryContent(signature);
    assertThat(run("sign", model, "--key", privateKey, "--force")).isEqualTo(Main.DONE);
    assertThat(run("verify", model, "--key", publicKey)).isEqualTo(Main.DONE);
    assertThat(run("keygen", room.resolve("keys"), "--force", "--algorithm", "ed25519"))
        .isEqualTo(Main.DONE);
    assertThat(Files.readString(privateKey)).isNotEqualTo(before);
    assertThat(run("sign", model, "--key", privateKey, "--force")).isEqualTo(Main.FAILED);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(privateKey)))
        .isEqualTo("rw-------");
  }

  @Test
  void format_thatDoesNotFitTheKey_isRefused() {
    run("keygen", room.resolve("keys"));
    assertThat(run("sign", model, "--key", privateKey, "--format", "ed25519"))
        .isEqualTo(Main.FAILED);
    assertThat(err).contains("expected oms for a key of p256");
    assertThat(run("sign", model, "--key", privateKey, "--format", "oms")).isEqualTo(Main.DONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sing x",
        "sign",
        "sign 1",
        "sign 1 2 --key k",
        "sign 1 --key",
        "sign 1 --key a --key b",
        "verify 1",
        "verify 1 --key a --digest b",
        "verify 1 --key a --subject b",
        "verify 1 --force",
        "keygen k --algorithm rsa",
        "digest"
      })
  void arguments_thatAreWrong_areRefusedWithTheUsage(String line) {
    assertThat(run((Object[]) (line.isEmpty() ? new String[0] : line.split(" "))))
        .isEqualTo(Main.FAILED);
    assertThat(err).contains("usage: keygen DIR").contains("expected");
  }

  @Test
  void fileThatIsNotThere_isSaid() {
    assertThat(run("verify", model, "--key", room.resolve("none.pem"))).isEqualTo(Main.FAILED);
    assertThat(err).contains("none.pem").contains("got none");
    assertThat(run("digest", room.resolve("none"))).isEqualTo(Main.FAILED);
    Path sec1 = Bench.resource("certificates/sec1.key");
    assertThat(run("sign", model, "--key", sec1)).isEqualTo(Main.FAILED);
    assertThat(err).contains("openssl pkcs8 -topk8");
  }
}
