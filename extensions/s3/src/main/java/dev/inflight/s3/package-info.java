/**
 * Files of S3 and of stores that speak its protocol: {@link dev.inflight.s3.S3} signs addresses.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.s3;
