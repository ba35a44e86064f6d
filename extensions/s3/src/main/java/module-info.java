/** Files of S3 and of stores that speak its protocol. */
@org.jspecify.annotations.NullMarked
@SuppressWarnings("module") // the name of the store ends in a digit
module dev.inflight.s3 {
  requires transitive dev.inflight.fetch;
  requires software.amazon.awssdk.auth;
  requires software.amazon.awssdk.http;
  requires software.amazon.awssdk.http.auth.aws;
  requires software.amazon.awssdk.http.auth.spi;
  requires software.amazon.awssdk.identity.spi;
  requires software.amazon.awssdk.core;
  requires software.amazon.awssdk.regions;
  requires static org.jspecify;

  exports dev.inflight.s3;
}
