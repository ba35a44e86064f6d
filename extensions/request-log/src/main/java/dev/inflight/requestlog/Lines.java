package dev.inflight.requestlog;

import java.io.IOException;
import java.io.OutputStream;

/** Where records are written. For one thread at a time. */
interface Lines {
  /** One record and its line feed, whole, or the next one begins on a line of its own. */
  void write(byte[] line) throws IOException;

  /** Nothing more comes for now. */
  void flush() throws IOException;

  void close() throws IOException;

  /** To a stream, which stays open. */
  static Lines to(OutputStream stream) {
    return new Lines() {
      private boolean torn;

      @Override
      public void write(byte[] line) throws IOException {
        if (torn) {
          stream.write('\n');
        }
        torn = true;
        stream.write(line);
        torn = false;
      }

      @Override
      public void flush() throws IOException {
        stream.flush();
      }

      @Override
      public void close() throws IOException {
        stream.flush();
      }

      @Override
      public String toString() {
        return "a stream";
      }
    };
  }
}
