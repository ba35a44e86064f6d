package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.fail;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.classification.Label;

/** Files edited as bytes, without knowledge of what they mean. */
class MutatedFileTest {
  private static final int FILES = 2_000;

  @TempDir Path temp;

  /** They load or are refused; nothing else is thrown. */
  @Test
  void damagedFiles_random_loadOrAreRefused() throws Exception {
    long seed = Long.getLong("inflight.seed", System.nanoTime());
    System.out.println("MutatedFileTest: -Dinflight.seed=" + seed);
    Random random = new Random(seed);
    List<String> names = StoredModels.all();
    List<byte[]> originals = new ArrayList<>();
    for (String name : names) {
      originals.add(StoredModels.bytes(name));
    }
    for (int i = 0; i < FILES; i++) {
      int which = random.nextInt(names.size());
      byte[] damaged = damage(originals.get(which), random);
      TribuoLoader<?, ?> loader = loader(names.get(which));
      ModelArtifact artifact = StoredModels.artifact(temp, damaged);
      try {
        loader.load(artifact).close();
      } catch (ModelLoadException e) {
        // refused, as it should be
      } catch (Throwable e) {
        fail("seed " + seed + ", file " + i + " of " + names.get(which), e);
      }
    }
  }

  /**
   * Knows nothing of the schema: whatever looks like a class name becomes one that does not exist,
   * one at a time. If the look-up is ever reached, it fails with ClassNotFoundException.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cancer-linear",
        "iris-knn",
        "iris-kmeans",
        "anomaly-libsvm",
        "multilabel-linear",
        "diabetes-forest",
        "sequence-crf"
      })
  void anyName_replacedInPlace_neverReachesTheLookUp(String name) throws Exception {
    TribuoLoader<?, ?> loader = StoredModels.loader(name);
    byte[] original = StoredModels.bytes(name);
    int refused = 0;
    int step = original.length > 20_000 ? 7 : 1;
    List<Integer> names = names(original);
    for (int i = 0; i < names.size(); i += step) {
      byte[] edited = original.clone();
      int length = edited[names.get(i)];
      String hostile = "evil." + "x".repeat(length - 5);
      System.arraycopy(
          hostile.getBytes(StandardCharsets.US_ASCII), 0, edited, names.get(i) + 1, length);
      var artifact = StoredModels.artifact(temp, edited);
      Throwable thrown = catchThrowable(() -> loader.load(artifact).close());
      if (thrown != null) {
        assertThat(thrown)
            .isInstanceOf(ModelLoadException.class)
            .hasMessageContaining("expected only allowed class names, got [" + hostile + "]")
            .hasNoCause();
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(20);
  }

  private static TribuoLoader<?, ?> loader(String name) {
    return name.equals(StoredModels.SEQUENCE)
        ? TribuoLoader.sequences(Label.class)
        : TribuoLoader.of(new ArrayCodec(StoredModels.rows(name).names()));
  }

  private static byte[] damage(byte[] original, Random random) {
    byte[] bytes = original.clone();
    int edits = 1 + random.nextInt(4);
    for (int i = 0; i < edits; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(5)) {
        case 0 -> bytes[at] = (byte) random.nextInt();
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = (byte) 0xFF;
        case 3 -> bytes = cut(bytes, at, at + 1 + random.nextInt(8));
        default -> bytes = random.nextInt(10) == 0 ? Arrays.copyOf(bytes, at + 1) : bytes;
      }
    }
    return bytes;
  }

  private static byte[] cut(byte[] bytes, int from, int to) {
    if (to >= bytes.length) {
      return bytes;
    }
    byte[] shorter = Arrays.copyOf(bytes, bytes.length - (to - from));
    System.arraycopy(bytes, to, shorter, from, bytes.length - to);
    return shorter;
  }

  /** Offsets of the length bytes of texts that look like class names. */
  private static List<Integer> names(byte[] bytes) {
    Pattern name = Pattern.compile("(org|com)\\.[\\w.$]+");
    return Stream.iterate(0, i -> i < bytes.length, i -> i + 1)
        .filter(i -> bytes[i] >= 10 && i + 1 + bytes[i] <= bytes.length)
        .filter(i -> bytes[i + 1] == 'o' || bytes[i + 1] == 'c')
        .filter(
            i ->
                name.matcher(new String(bytes, i + 1, bytes[i], StandardCharsets.ISO_8859_1))
                    .matches())
        .toList();
  }
}
