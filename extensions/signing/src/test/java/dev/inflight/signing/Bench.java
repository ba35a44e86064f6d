package dev.inflight.signing;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What the tests sign, and with what. */
final class Bench {
  /** All certificates of the tests but {@code short} are valid. */
  static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");

  private Bench() {}

  static Path resource(String name) {
    try {
      return Path.of(Bench.class.getResource("/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(name, e);
    }
  }

  static KeyPair pair(KeyKind kind) throws GeneralSecurityException {
    if (kind == KeyKind.ED25519) {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    }
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(kind.curve));
    return generator.generateKeyPair();
  }

  static TrustedSigners trusted(KeyPair pair) {
    return TrustedSigners.ofKeys(List.of(pair.getPublic()));
  }

  /** {@return the names and bytes of a small model, by seed} */
  static Map<String, byte[]> model(long seed) {
    Random random = new Random(seed);
    Map<String, byte[]> files = new TreeMap<>();
    files.put("model.onnx", bytes(random, 300));
    files.put("labels.txt", "setosa\nversicolor\n".getBytes(StandardCharsets.UTF_8));
    files.put("weights/block one/w0.bin", bytes(random, 70));
    files.put("weights/größe.bin", bytes(random, 10));
    files.put("empty", new byte[0]);
    return files;
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  static Path write(Path directory, Map<String, byte[]> files) throws IOException {
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = directory.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    return directory;
  }

  static Map<String, byte[]> read(Path directory) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : walk.filter(Files::isRegularFile).toList()) {
        files.put(Contents.relative(directory, path), Files.readAllBytes(path));
      }
    }
    return files;
  }

  static void clear(Path directory) throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
        if (!path.equals(directory)) {
          Files.delete(path);
        }
      }
    }
  }

  /** {@return the files that may be loaded} */
  static List<String> inspect(Trust trust, Path directory) throws IOException, Refusal {
    return List.copyOf(
        new Inspector(trust.withClock(InstantSource.fixed(NOW)).allowingRollback())
            .inspect("iris", "1", directory)
            .keySet());
  }

  /** {@return a bundle of any statement, as a signer makes it who signs anything} */
  static byte[] bundle(KeyPair pair, String statement) {
    return bundle(
        pair,
        statement,
        "{\"publicKey\":{\"hint\":\"" + Keys.pemFingerprint(pair.getPublic()) + "\"}}");
  }

  static byte[] bundle(KeyPair pair, String statement, String material) {
    byte[] payload = statement.getBytes(StandardCharsets.UTF_8);
    return ("{\"mediaType\":\""
            + OmsBundle.MEDIA_TYPE
            + "\",\"verificationMaterial\":"
            + material
            + ",\"dsseEnvelope\":{\"payload\":\""
            + base64(payload)
            + "\",\"payloadType\":\""
            + OmsBundle.PAYLOAD_TYPE
            + "\",\"signatures\":[{\"sig\":\""
            + base64(Keys.sign(pair.getPrivate(), OmsBundle.toSign(payload)))
            + "\"}]}}")
        .getBytes(StandardCharsets.UTF_8);
  }

  static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** {@return a file with these certificates, one behind the other} */
  static Path chain(String... names) throws IOException {
    StringBuilder all = new StringBuilder();
    for (String name : names) {
      all.append(Files.readString(resource("certificates/" + name + ".pem")));
    }
    Path file = Files.createTempFile("chain", ".pem");
    file.toFile().deleteOnExit();
    return Files.writeString(file, all);
  }
}
