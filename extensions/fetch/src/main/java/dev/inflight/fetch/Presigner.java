package dev.inflight.fetch;

import java.io.IOException;
import java.net.URI;

/**
 * Gives a file of a store that plain HTTP cannot read, such as {@code s3://bucket/key}, an address
 * that it can. Safe for several threads; may block.
 */
@FunctionalInterface
public interface Presigner {
  /**
   * {@return an http or https address of the same bytes, good for some minutes; its query is a
   * secret}
   *
   * @throws IOException if there are no credentials for it, or it is not an address of this store
   */
  URI presign(URI file) throws IOException;
}
