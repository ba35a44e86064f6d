package dev.inflight.requestlog;

/**
 * What became of the calls that were sampled. When the log is closed and no call is under way,
 * {@code sampled} is the sum of {@code written}, {@code replaced}, {@code dropped} and {@code
 * failed}.
 *
 * @param sampled calls that began to be logged
 * @param written records that reached the file or stream
 * @param replaced that gave their place in the reservoir to a later call
 * @param dropped because the queue was full, or the log was closed before they were written
 * @param failed that could not be written
 * @param withheld inputs or outputs that a record goes without, because their function failed or
 *     gave too much
 */
public record RequestLogStats(
    long sampled, long written, long replaced, long dropped, long failed, long withheld) {}
