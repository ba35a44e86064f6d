package dev.inflight;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ValueSpec;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How the names and types of records and models are compared; shared by both directions of {@link
 * RecordCodec}.
 */
final class RecordNames {
  private RecordNames() {}

  static List<String> names(List<ValueSpec> specs) {
    return specs.stream().map(ValueSpec::name).toList();
  }

  static List<String> componentNames(Class<?> type) {
    return Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
  }

  /** The position of the name that matches; -1 if there is none. */
  static int matching(String name, List<String> names) {
    int exact = names.indexOf(name);
    if (exact >= 0) {
      return exact;
    }
    int found = -1;
    for (int i = 0; i < names.size(); i++) {
      if (plain(names.get(i)).equals(plain(name))) {
        if (found >= 0) {
          throw new IllegalArgumentException(
              "name '"
                  + name
                  + "' matches both '"
                  + names.get(found)
                  + "' and '"
                  + names.get(i)
                  + "'");
        }
        found = i;
      }
    }
    return found;
  }

  private static String plain(String name) {
    StringBuilder text = new StringBuilder();
    name.codePoints().filter(Character::isLetterOrDigit).forEach(text::appendCodePoint);
    return text.toString().toLowerCase(Locale.ROOT);
  }

  static boolean isNumber(Class<?> type) {
    return type.isPrimitive() && type != char.class;
  }

  /**
   * Half floats and narrower have no Java value: a codec of the user's own must say what to do with
   * the bits.
   */
  static boolean isCarried(DataType type) {
    return switch (type) {
      case FLOAT32,
          FLOAT64,
          INT8,
          INT16,
          INT32,
          INT64,
          UINT8,
          UINT16,
          UINT32,
          UINT64,
          BOOL,
          STRING ->
          true;
      default -> false;
    };
  }

  static IllegalArgumentException mismatch(
      Class<?> record, RecordComponent component, String expected, Object got) {
    return new IllegalArgumentException(
        record.getSimpleName()
            + "."
            + component.getName()
            + " ("
            + component.getType().getSimpleName()
            + "): expected "
            + expected
            + ", got "
            + got);
  }

  static IllegalArgumentException unreachable(Class<?> record, Exception e) {
    return new IllegalArgumentException(
        record.getName() + ": its package must be open to dev.inflight (opens ... to dev.inflight)",
        e);
  }
}
