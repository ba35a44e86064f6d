package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HashingTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1 << 20, (1 << 20) + 1, 5_000_000})
  void finish_piecesOfAnySize_areHashedInTheirOrder(int length) throws Exception {
    byte[] bytes = new byte[length];
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    random.nextBytes(bytes);
    try (Hashing hashing = new Hashing(List.of("SHA-256", "MD5"))) {
      for (int round = 0; round < 2; round++) { // a second file, as after a restart
        for (int from = 0; from < length; ) {
          int to = Math.min(length, from + 1 + random.nextInt(40_000));
          hashing.update(ByteBuffer.wrap(Arrays.copyOfRange(bytes, from, to)));
          from = to;
        }
        assertThat(hashing.finish())
            .containsExactly(digest("SHA-256", bytes), digest("MD5", bytes));
      }
    }
  }

  @Test
  void reset_halfAFile_beginsAnew() throws Exception {
    byte[] bytes = new byte[3_000_000];
    try (Hashing hashing = new Hashing(List.of("SHA-256"))) {
      hashing.update(ByteBuffer.wrap(new byte[2_000_000]));
      hashing.reset();
      hashing.update(ByteBuffer.wrap(bytes));
      assertThat(hashing.finish()).containsExactly(digest("SHA-256", bytes));
    }
  }

  private static String digest(String algorithm, byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
  }
}
