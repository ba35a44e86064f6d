package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever is changed in a signed directory, it is refused. There is one exception: a change of a
 * bundle after which it is the same JSON, field by field, such as a blank for a line end.
 */
class TamperingTest {
  private static final int TRIALS = 1_000;
  private static final int TRIALS_WITH_BLANKS = 300;

  /** A chain takes longer to check than a signature: one byte in so many. */
  private static final int STEP_OF_CHAINS = 10;

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  @TempDir Path directory;
  private Map<String, byte[]> lying = Map.of();

  enum Way {
    OMS_KEY,
    OMS_CERTIFICATE,
    ED25519;

    String file() {
      return this == ED25519 ? SignedManifest.SIGNATURE : OmsBundle.FILE;
    }

    ModelSigner signer() throws Exception {
      Path certificates = Bench.resource("certificates");
      return switch (this) {
        case OMS_KEY -> ModelSigner.of(Bench.pair(KeyKind.P256).getPrivate());
        case ED25519 -> ModelSigner.of(Bench.pair(KeyKind.ED25519).getPrivate());
        case OMS_CERTIFICATE ->
            ModelSigner.fromKey(certificates.resolve("signer.key"))
                .withCertificates(Bench.chain("signer", "intermediate"));
      };
    }

    Trust trust(ModelSigner signer) throws Exception {
      return Trust.required(
          this == OMS_CERTIFICATE
              ? TrustedSigners.fromRoots(Bench.resource("certificates/root.pem"))
              : TrustedSigners.ofKeys(List.of(signer.publicKey())));
    }
  }

  private Map<String, byte[]> sign(ModelSigner signer) throws Exception {
    Bench.write(directory, Bench.model(1));
    signer.sign(directory);
    lying = Bench.read(directory);
    return new TreeMap<>(lying);
  }

  /** Checks a directory with these files, of which most lie there already. */
  private boolean isRefused(Trust trust, Map<String, byte[]> files) throws IOException {
    for (String name : lying.keySet()) {
      if (!files.containsKey(name)) {
        Files.delete(directory.resolve(name));
      }
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      if (!Arrays.equals(file.getValue(), lying.get(file.getKey()))) {
        Bench.write(directory, Map.of(file.getKey(), file.getValue()));
      }
    }
    lying = new TreeMap<>(files);
    try {
      Bench.inspect(trust, directory);
      return false;
    } catch (Refusal e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n", "\0");
      return true;
    }
  }

  private static boolean isSame(byte[] a, byte[] b) {
    try {
      return JSON.readTree(new String(a, StandardCharsets.UTF_8))
          .equals(JSON.readTree(new String(b, StandardCharsets.UTF_8)));
    } catch (JacksonException e) {
      return false;
    }
  }

  @ParameterizedTest
  @EnumSource
  void change_ofAnything_isRefused(Way way) throws Exception {
    long seed = new Random().nextLong();
    System.out.println("tampering with " + way + ", seed " + seed);
    Random random = new Random(seed);
    ModelSigner signer = way.signer();
    Trust trust = way.trust(signer);
    Map<String, byte[]> whole = sign(signer);
    assertThat(isRefused(trust, whole)).isFalse();
    for (int trial = 0; trial < TRIALS; trial++) {
      Map<String, byte[]> changed = new TreeMap<>(whole);
      String what = change(changed, random);
      if (!isRefused(trust, changed)) {
        fail("accepted after " + what + ", seed " + seed + ", trial " + trial);
      }
    }
    assertThat(isRefused(trust, whole)).isFalse();
  }

  /** {@return what was changed} Never nothing, and never only how a bundle is laid out. */
  private static String change(Map<String, byte[]> files, Random random) {
    List<String> names = new ArrayList<>(files.keySet());
    String name = names.get(random.nextInt(names.size()));
    byte[] bytes = files.get(name).clone();
    int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
    switch (random.nextInt(6)) {
      case 0 -> {
        files.remove(name);
        return "removing " + name;
      }
      case 1 -> {
        String other = renamed(name, random);
        files.remove(name);
        files.put(other, bytes);
        return "renaming " + name + " to " + other;
      }
      case 2 -> {
        String other = random.nextBoolean() ? "more.onnx" : "weights/more.bin";
        files.put(other, bytes);
        return "adding " + other;
      }
      case 3 -> {
        boolean cut = bytes.length > 0 && random.nextBoolean();
        files.put(name, Arrays.copyOf(bytes, cut ? at : bytes.length + 1));
        return (cut ? "cutting " : "adding a byte to ") + name;
      }
      case 4 -> {
        String other = names.get((names.indexOf(name) + 1) % names.size());
        files.put(name, files.get(other));
        files.put(other, bytes);
        return "exchanging " + name + " and " + other;
      }
      default -> {
        if (bytes.length == 0) {
          files.put(name, new byte[] {1});
          return "filling " + name;
        }
        byte[] flipped = bytes.clone();
        flipped[at] ^= (byte) (1 << random.nextInt(8));
        if (name.equals(OmsBundle.FILE) && isSame(bytes, flipped)) {
          throw new IllegalStateException("a compact bundle has no byte that says nothing");
        }
        files.put(name, flipped);
        return "flipping a bit of " + name + " at " + at;
      }
    }
  }

  private static String renamed(String name, Random random) {
    int at = random.nextInt(name.length());
    char other = name.charAt(at) == 'x' ? 'y' : 'x';
    return name.substring(0, at) + other + name.substring(at + 1);
  }

  /** Each byte of the signature in turn, not only those that chance picks. */
  @ParameterizedTest
  @EnumSource
  void change_ofAnyByteOfTheSignature_isRefused(Way way) throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    ModelSigner signer = way.signer();
    Trust trust = way.trust(signer);
    Map<String, byte[]> whole = sign(signer);
    byte[] signature = whole.get(way.file());
    int step = way == Way.OMS_CERTIFICATE ? STEP_OF_CHAINS : 1;
    int meaningless = 0;
    for (int at = random.nextInt(step); at < signature.length; at += step) {
      byte[] changed = signature.clone();
      changed[at] += (byte) (1 + random.nextInt(255));
      whole.put(way.file(), changed);
      boolean same = way != Way.ED25519 && isSame(signature, changed);
      meaningless += same ? 1 : 0;
      if (isRefused(trust, whole) == same) {
        fail("byte " + at + " of " + way + ", seed " + seed + ": same JSON is " + same);
      }
    }
    System.out.println(
        "changed one in "
            + step
            + " of "
            + signature.length
            + " bytes of "
            + way.file()
            + " ("
            + way
            + "), seed "
            + seed
            + ", without meaning "
            + meaningless);
  }

  /** A bundle laid out with blanks is the same bundle; but for these blanks nothing may change. */
  @ParameterizedTest
  @EnumSource(names = {"OMS_KEY", "OMS_CERTIFICATE"})
  void change_ofBundleLaidOutWithBlanks_isRefusedUnlessItIsABlank(Way way) throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    ModelSigner signer = way.signer();
    Trust trust = way.trust(signer);
    Map<String, byte[]> whole = sign(signer);
    byte[] pretty =
        JSON.writerWithDefaultPrettyPrinter()
            .writeValueAsBytes(JSON.readTree(whole.get(OmsBundle.FILE)));
    whole.put(OmsBundle.FILE, pretty);
    assertThat(isRefused(trust, whole)).isFalse();
    int same = 0;
    for (int trial = 0; trial < TRIALS_WITH_BLANKS; trial++) {
      byte[] changed = pretty.clone();
      int at = random.nextInt(changed.length);
      changed[at] =
          pretty[at] == ' ' ? (byte) '\n' : (byte) (changed[at] ^ (1 << random.nextInt(8)));
      whole.put(OmsBundle.FILE, changed);
      boolean isSame = isSame(pretty, changed);
      same += isSame ? 1 : 0;
      if (isRefused(trust, whole) == isSame) {
        fail("byte " + at + " of " + way + ", seed " + seed + ": same JSON is " + isSame);
      }
    }
    assertThat(same).isPositive();
  }

  @ParameterizedTest
  @EnumSource(names = {"OMS_KEY", "OMS_CERTIFICATE"})
  void change_ofAnyFieldOfTheBundle_isRefused(Way way) throws Exception {
    ModelSigner signer = way.signer();
    Trust trust = way.trust(signer);
    Map<String, byte[]> whole = sign(signer);
    byte[] bundle = whole.get(OmsBundle.FILE);
    List<String> pointers = new ArrayList<>();
    collect(JSON.readTree(bundle), "", pointers);
    assertThat(pointers).hasSizeGreaterThan(8);
    for (String pointer : pointers) {
      for (String wrong : new String[] {"\"\"", "\"x\"", "7", "{}", "[]", "[{}]", "true"}) {
        JsonNode changed = JSON.readTree(bundle);
        String parent = pointer.substring(0, pointer.lastIndexOf('/'));
        String name = pointer.substring(pointer.lastIndexOf('/') + 1);
        JsonNode before = changed.at(pointer);
        JsonNode value = JSON.readTree(wrong);
        if (before.equals(value)) {
          continue;
        }
        if (changed.at(parent) instanceof ObjectNode object) {
          object.set(name, value);
        } else {
          ((com.fasterxml.jackson.databind.node.ArrayNode) changed.at(parent))
              .set(Integer.parseInt(name), value);
        }
        whole.put(OmsBundle.FILE, JSON.writeValueAsBytes(changed));
        assertThat(isRefused(trust, whole)).as(pointer + " = " + wrong).isTrue();
      }
    }
  }

  private static void collect(JsonNode node, String pointer, List<String> pointers) {
    if (!pointer.isEmpty()) {
      pointers.add(pointer);
    }
    node.properties().forEach(f -> collect(f.getValue(), pointer + "/" + f.getKey(), pointers));
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      collect(node.get(i), pointer + "/" + i, pointers);
    }
  }
}
