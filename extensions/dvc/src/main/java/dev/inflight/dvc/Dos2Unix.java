package dev.inflight.dvc;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;

/**
 * The digest that DVC had before 3.0: MD5 with CRLF taken for LF in what looks like text, in chunks
 * of 1 MiB, so a CR at the end of one stays. DVC 2 judged a file by its first chunk; DVC 3, which
 * still checks such files, judges each chunk. Both digests are right.
 */
final class Dos2Unix {
  private static final int CHUNK = 1 << 20;
  private static final int LOOKED_AT = 512;
  private static final double MOST_BINARY = 0.30;

  private Dos2Unix() {}

  /** {@return the digests that a file may have, in lower-case hex} */
  static Set<String> digests(InputStream in) throws IOException {
    MessageDigest byFile = md5();
    MessageDigest byChunk = md5();
    boolean first = true;
    boolean text = false;
    for (byte[] chunk = in.readNBytes(CHUNK); chunk.length > 0; chunk = in.readNBytes(CHUNK)) {
      boolean isText = isText(chunk);
      text = first ? isText : text;
      first = false;
      update(byFile, chunk, text);
      update(byChunk, chunk, isText);
    }
    return Set.copyOf(
        java.util.List.of(
            HexFormat.of().formatHex(byFile.digest()), HexFormat.of().formatHex(byChunk.digest())));
  }

  private static void update(MessageDigest digest, byte[] chunk, boolean text) {
    if (!text) {
      digest.update(chunk);
      return;
    }
    int from = 0;
    for (int i = 0; i + 1 < chunk.length; i++) {
      if (chunk[i] == '\r' && chunk[i + 1] == '\n') {
        digest.update(chunk, from, i - from);
        from = i + 1;
      }
    }
    digest.update(chunk, from, chunk.length - from);
  }

  private static boolean isText(byte[] chunk) {
    int length = Math.min(chunk.length, LOOKED_AT);
    int binary = 0;
    for (int i = 0; i < length; i++) {
      int b = chunk[i];
      if (b == 0) {
        return false;
      }
      boolean plain = (b >= 32 && b < 127) || "\n\r\t\f\b".indexOf(b) >= 0;
      binary += plain ? 0 : 1;
    }
    return binary <= MOST_BINARY * length;
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has MD5", e);
    }
  }
}
