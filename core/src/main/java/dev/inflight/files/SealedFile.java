package dev.inflight.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A small text file that is there as a whole, as it was written, or is known to be damaged: a first
 * line with the format, a line for each record, and a last line with the SHA-256 of all before it.
 * Fields are separated by tabs; all but printable ASCII is escaped, as any text may be in them.
 */
public final class SealedFile {
  private static final String SEAL = "sha256 ";
  private static final int SEAL_LENGTH = SEAL.length() + 64 + 1;

  private SealedFile() {}

  /** The bytes are not those that were written; the message says what was expected. */
  public static final class DamagedException extends IOException {
    private static final long serialVersionUID = 1;

    /** What was expected, and what came. */
    public DamagedException(String message) {
      super(message);
    }
  }

  /**
   * Replaces the file {@code name} in {@code directory}, or leaves it as it was.
   *
   * @param format name and number of the format
   */
  public static void write(Path directory, String name, String format, List<List<String>> records)
      throws IOException {
    Path file = directory.resolve(name);
    OwnerOnly.replace(file, bytes(format, records), OwnerOnly.forFile(file));
  }

  /**
   * {@return the records}
   *
   * @throws DamagedException if they are not those that were written
   * @throws IOException if the file cannot be read
   */
  public static List<List<String>> read(Path file, String format) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new DamagedException("expected a file, got a link or special file");
    }
    return records(Files.readAllBytes(file), format);
  }

  /** {@return what a file of these records holds} */
  public static byte[] bytes(String format, List<List<String>> records) {
    StringBuilder text = new StringBuilder(format).append('\n');
    for (List<String> fields : records) {
      for (int i = 0; i < fields.size(); i++) {
        escape(fields.get(i), i == 0 ? text : text.append('\t'));
      }
      text.append('\n');
    }
    text.append(seal(text.toString().getBytes(StandardCharsets.US_ASCII)));
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * {@return the records of such a file}
   *
   * @throws DamagedException if they are not those that were written
   */
  public static List<List<String>> records(byte[] bytes, String format) throws DamagedException {
    int length = bytes.length - SEAL_LENGTH;
    if (length < 0) {
      throw new DamagedException(
          "expected at least " + SEAL_LENGTH + " bytes, got " + bytes.length);
    }
    String text = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    String got = new String(bytes, length, SEAL_LENGTH, StandardCharsets.ISO_8859_1);
    String expected = seal(java.util.Arrays.copyOf(bytes, length));
    if (!got.equals(expected) || !text.endsWith("\n")) {
      throw new DamagedException(
          "expected its last line to be '" + expected.strip() + "', got another: torn or edited");
    }
    List<String> lines = text.lines().toList();
    if (!lines.get(0).equals(format)) {
      throw new DamagedException("expected format '" + format + "', got '" + lines.get(0) + "'");
    }
    List<List<String>> records = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> fields = new ArrayList<>();
      for (String field : line.split("\t", -1)) {
        fields.add(plain(field));
      }
      records.add(fields);
    }
    return records;
  }

  private static String seal(byte[] text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text);
      return SEAL + HexFormat.of().formatHex(hash) + '\n';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Half a surrogate pair has no bytes in UTF-8: characters are escaped one by one. */
  private static void escape(String field, StringBuilder text) {
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c >= ' ' && c <= '~' && c != '\\') {
        text.append(c);
      } else {
        text.append('\\').append(HexFormat.of().toHexDigits(c));
      }
    }
  }

  private static String plain(String field) throws DamagedException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      if (i + 5 > field.length()) {
        throw new DamagedException("expected four hex digits after each '\\', got '" + field + "'");
      }
      try {
        text.append((char) HexFormat.fromHexDigits(field, i + 1, i + 5));
      } catch (NumberFormatException e) {
        throw new DamagedException("expected four hex digits after each '\\', got '" + field + "'");
      }
      i += 4;
    }
    return text.toString();
  }
}
