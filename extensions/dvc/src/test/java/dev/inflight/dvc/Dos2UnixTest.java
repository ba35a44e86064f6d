package dev.inflight.dvc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The digest of DVC 2, against values that DVC computed. */
class Dos2UnixTest {
  private static final int CHUNK = 1 << 20;

  private static java.util.Set<String> digests(byte[] bytes) throws IOException {
    return Dos2Unix.digests(new ByteArrayInputStream(bytes));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void digests_text_takeCrLfForLf() throws IOException {
    assertThat(digests(ascii("a\r\nb\r\n"))).containsExactly("dd8c6a395b5dd36c56d23275028f526c");
    assertThat(Publisher.md5(ascii("a\r\nb\r\n"))).isEqualTo("59b0d7772f0561efb95518f3cb8abc60");
  }

  @Test
  void digests_nothing_areThatOfNothing() throws IOException {
    assertThat(digests(new byte[0])).containsExactly("d41d8cd98f00b204e9800998ecf8427e");
  }

  @Test
  void digests_binary_areThoseOfTheBytes() throws IOException {
    byte[] zero = ascii("a\0\r\n");
    assertThat(digests(zero)).containsExactly(Publisher.md5(zero));
    byte[] high = ascii("abc\r\nabc\r\n");
    Arrays.fill(high, 0, 4, (byte) 0xfe); // 4 of 10 bytes
    assertThat(digests(high)).containsExactly(Publisher.md5(high));
  }

  @Test
  void digests_binaryBehindTheFirst512Bytes_areThoseOfText() throws IOException {
    byte[] text = ascii("x".repeat(510) + "\r\n\0\r\n");
    assertThat(digests(text)).containsExactly(Publisher.md5(ascii("x".repeat(510) + "\n\0\n")));
  }

  @Test
  void digests_crAtTheEndOfAChunk_staysThere() throws IOException {
    byte[] text = ascii("x".repeat(CHUNK - 1) + "\r\ny");
    assertThat(digests(text)).containsExactly(Publisher.md5(text));
  }

  @Test
  void digests_binaryChunkOfAText_areBoth() throws IOException {
    byte[] text = ascii("x".repeat(CHUNK) + "\0\r\n");
    assertThat(digests(text))
        .containsExactlyInAnyOrder(
            Publisher.md5(text), Publisher.md5(ascii("x".repeat(CHUNK) + "\0\n")));
  }
}
