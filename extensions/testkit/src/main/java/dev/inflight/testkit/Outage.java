package dev.inflight.testkit;

/** How a remote source fails. */
public enum Outage {
  /** Nobody listens. */
  DOWN,
  /** It takes the connection and never answers. */
  HUNG,
  /** It answers with a page of HTML and status 502. */
  HTML,
  /** It answers with bytes that are no answer, and status 200. */
  GARBAGE,
  /** It answers with status 500. */
  ERROR,
  /** It answers with status 403. */
  FORBIDDEN
}
