package dev.inflight.signing;

/** A version is not what somebody trusted has signed; the message says what was expected. */
final class Refusal extends Exception {
  private static final long serialVersionUID = 1;

  /** As much of a name or value as a message holds. */
  private static final int MAX_QUOTED = 120;

  Refusal(String message) {
    super(message);
  }

  Refusal(String message, Throwable cause) {
    super(message, cause);
  }

  /** {@return a text of unknown origin, fit for one line of a log} */
  static String quoted(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]", "?");
    return "'" + (line.length() > MAX_QUOTED ? line.substring(0, MAX_QUOTED) + "..." : line) + "'";
  }
}
