package dev.inflight.status;

import dev.inflight.Histogram;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Figures for eyes. */
final class Words {
  private Words() {}

  /** Three digits and a unit. */
  static String nanos(double nanos) {
    if (nanos <= 0) {
      return "–";
    }
    return nanos < 999.5e3
        ? digits(nanos / 1e3) + " µs"
        : nanos < 999.5e6 ? digits(nanos / 1e6) + " ms" : digits(nanos / 1e9) + " s";
  }

  /** Of nanoseconds. */
  static String quantile(Histogram nanos, double part) {
    return nanos((double) nanos.quantile(part));
  }

  static String rate(double perSecond) {
    return (perSecond < 99.5 && perSecond > 0 ? digits(perSecond) : count(Math.round(perSecond)))
        + "/s";
  }

  /** Never 0 % of something that happened. */
  static String ratio(double part) {
    return part > 0 && part < .0001
        ? "< 0.01 %"
        : String.format(Locale.ROOT, part > 0 && part < .1 ? "%.2f %%" : "%.0f %%", 100 * part);
  }

  static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  static String counted(long count, String one) {
    return count(count) + " " + one + (count == 1 ? "" : "s");
  }

  static String digits(double value) {
    return String.format(
        Locale.ROOT, value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
  }

  static String span(Duration duration) {
    long seconds = Math.max(0, (duration.toMillis() + 500) / 1000);
    if (seconds < 120) {
      return seconds + " s";
    } else if (seconds < 2 * 3600) {
      return seconds / 60 + " min";
    }
    return seconds < 2 * 86_400 ? seconds / 3600 + " h" : seconds / 86_400 + " days";
  }

  /** From {@code now}, before or after it. */
  static String relative(Instant moment, Instant now) {
    return moment.isAfter(now)
        ? "in " + span(Duration.between(now, moment))
        : span(Duration.between(moment, now)) + " ago";
  }

  static String moment(Instant moment) {
    return moment.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
