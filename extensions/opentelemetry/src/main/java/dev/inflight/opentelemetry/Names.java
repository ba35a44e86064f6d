package dev.inflight.opentelemetry;

import io.opentelemetry.api.common.AttributeKey;

/** The attributes; the guide has them as a table. */
final class Names {
  static final AttributeKey<String> MODEL = AttributeKey.stringKey("inflight.model.name");
  static final AttributeKey<String> VERSION = AttributeKey.stringKey("inflight.model.version");
  static final AttributeKey<Long> CALL = AttributeKey.longKey("inflight.call.id");
  static final AttributeKey<String> END = AttributeKey.stringKey("inflight.call.end");
  static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");
  static final AttributeKey<String> CAUSE = AttributeKey.stringKey("inflight.error.cause");
  static final AttributeKey<Long> BULK_ROWS = AttributeKey.longKey("inflight.bulk.rows");
  static final AttributeKey<Long> BULK_FAILED = AttributeKey.longKey("inflight.bulk.failed_rows");
  static final AttributeKey<Long> ROWS = AttributeKey.longKey("inflight.batch.rows");
  static final AttributeKey<Long> ANSWERED = AttributeKey.longKey("inflight.batch.answered");
  static final AttributeKey<String> RELEASE = AttributeKey.stringKey("inflight.batch.release");
  static final AttributeKey<Long> LANE = AttributeKey.longKey("inflight.lane.index");

  private Names() {}
}
