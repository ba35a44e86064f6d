package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the reference tool signs is verified here, and the other way round. */
@Tag("interop")
class ReferenceToolInteropTest {
  private static final Path VENV = Path.of(System.getProperty("inflight.model.signing", ""));
  private static final int TOOL_SECONDS = 60;

  @TempDir Path room;
  private Path model;
  private Path signature;
  private Path privateKey;
  private Path publicKey;

  @BeforeEach
  void writeModel() throws IOException {
    model = Bench.write(Files.createDirectory(room.resolve("1")), Bench.model(4));
    signature = model.resolve(OmsBundle.FILE);
    privateKey = room.resolve("keys/private.pem");
    publicKey = room.resolve("keys/public.pem");
  }

  /** {@return whether the tool ended well} */
  private boolean tool(String program, Object... args) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(VENV.resolve("bin").resolve(program).toString()));
    for (Object arg : args) {
      command.add(arg.toString());
    }
    Path log = room.resolve("tool.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor(TOOL_SECONDS, TimeUnit.SECONDS)).isTrue();
    System.out.println(String.join(" ", command.subList(0, 3)) + ": " + process.exitValue());
    return process.exitValue() == 0;
  }

  private String said() throws IOException {
    return Files.readString(room.resolve("tool.log"));
  }

  private static int inflight(Object... args) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream to = new PrintStream(said, true, StandardCharsets.UTF_8);
    String[] texts = java.util.Arrays.stream(args).map(Object::toString).toArray(String[]::new);
    int code = Main.run(to, to, texts);
    System.out.print(said.toString(StandardCharsets.UTF_8));
    return code;
  }

  private void tamper() throws IOException {
    Files.writeString(model.resolve("weights/block one/w0.bin"), "tampered");
  }

  @ParameterizedTest
  @EnumSource(names = {"P256", "P384", "P521"})
  void key_signedByTheTool_isVerified(KeyKind kind) throws Exception {
    assertThat(inflight("keygen", room.resolve("keys"), "--algorithm", kind)).isZero();
    assertThat(
            tool(
                "model_signing",
                "sign",
                "key",
                "--private_key",
                privateKey,
                "--signature",
                signature,
                model))
        .as(said())
        .isTrue();
    assertThat(inflight("verify", model, "--key", publicKey)).isEqualTo(Main.DONE);
    tamper();
    assertThat(inflight("verify", model, "--key", publicKey)).isEqualTo(Main.REFUSED);
  }

  @ParameterizedTest
  @EnumSource(names = {"P256", "P384", "P521"})
  void key_signedHere_isVerifiedByTheTool(KeyKind kind) throws Exception {
    assertThat(inflight("keygen", room.resolve("keys"), "--algorithm", kind)).isZero();
    assertThat(inflight("sign", model, "--key", privateKey)).isZero();
    Object[] verify = {"verify", "key", "--public_key", publicKey, "--signature", signature, model};
    assertThat(tool("model_signing", verify)).as(said()).isTrue();
    tamper();
    assertThat(tool("model_signing", verify)).isFalse();
  }

  @Test
  void certificate_signedByTheTool_isVerified() throws Exception {
    Path certificates = Bench.resource("certificates");
    assertThat(
            tool(
                "model_signing",
                "sign",
                "certificate",
                "--private_key",
                certificates.resolve("signer.key"),
                "--signing_certificate",
                certificates.resolve("signer.pem"),
                "--certificate_chain",
                certificates.resolve("intermediate.pem"),
                "--signature",
                signature,
                model))
        .as(said())
        .isTrue();
    Path root = certificates.resolve("root.pem");
    assertThat(inflight("verify", model, "--roots", root)).isEqualTo(Main.DONE);
    tamper();
    assertThat(inflight("verify", model, "--roots", root)).isEqualTo(Main.REFUSED);
  }

  @Test
  void certificate_signedHere_isVerifiedByTheTool() throws Exception {
    Path certificates = Bench.resource("certificates");
    Path chain = Bench.chain("signer", "intermediate");
    assertThat(
            inflight("sign", model, "--key", certificates.resolve("signer.key"), "--cert", chain))
        .isZero();
    Object[] verify = {
      "verify",
      "certificate",
      "--certificate_chain",
      certificates.resolve("root.pem"),
      "--signature",
      signature,
      model
    };
    assertThat(tool("model_signing", verify)).as(said()).isTrue();
    tamper();
    assertThat(tool("model_signing", verify)).isFalse();
  }

  @Test
  void filesThatTheToolIgnored_areNotLoaded() throws Exception {
    assertThat(inflight("keygen", room.resolve("keys"))).isZero();
    assertThat(
            tool(
                "model_signing",
                "sign",
                "key",
                "--private_key",
                privateKey,
                "--ignore-paths",
                model.resolve("weights"),
                "--signature",
                signature,
                model))
        .as(said())
        .isTrue();
    assertThat(Bench.inspect(Trust.required(TrustedSigners.fromKeys(publicKey)), model))
        .containsExactly("empty", "labels.txt", "model.onnx");
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 300, 1_000_000})
  void shards_signedByTheTool_areVerified(int size) throws Exception {
    Files.delete(model.resolve("empty")); // shards leave it out
    assertThat(inflight("keygen", room.resolve("keys"))).isZero();
    assertThat(tool("python", script(), model, privateKey, "sha256", size)).as(said()).isTrue();
    assertThat(inflight("verify", model, "--key", publicKey)).isEqualTo(Main.DONE);
    tamper();
    assertThat(inflight("verify", model, "--key", publicKey)).isEqualTo(Main.REFUSED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"blake2", "blake3"})
  void otherHash_signedByTheTool_isRefused(String hash) throws Exception {
    assertThat(inflight("keygen", room.resolve("keys"))).isZero();
    assertThat(tool("python", script(), model, privateKey, hash)).as(said()).isTrue();
    assertThat(inflight("verify", model, "--key", publicKey)).isEqualTo(Main.REFUSED);
  }

  private static Path script() {
    return Path.of(
        System.getProperty("inflight.root"), "extensions/signing/src/test/python/sign.py");
  }
}
