package dev.inflight.fetch;

import dev.inflight.files.SealedFile;
import dev.inflight.files.SealedFile.DamagedException;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a source said of a model.
 *
 * @param model as its repository calls it
 * @param versions that it said are there
 * @param asOf when it said so
 */
record Listing(String model, Versions versions, Instant asOf) {
  private static final String FORMAT = "inflight cached listing 1";
  private static final String OF = "of";
  private static final String ENTRY = "entry";
  private static final String ALIAS = "alias";

  static String key(String model) {
    return Description.name("inflight key of a listing", List.of(model));
  }

  boolean has(Description description) {
    return versions.entries().stream()
        .anyMatch(
            entry ->
                entry.version().equals(description.version())
                    && entry.identity().equals(description.identity()));
  }

  boolean isLaterThan(Listing other) {
    return asOf.isAfter(other.asOf);
  }

  boolean saysTheSameAs(Listing other) {
    return versions.entries().equals(other.versions.entries())
        && versions.aliases().equals(other.versions.aliases());
  }

  void write(Path directory) throws IOException {
    List<List<String>> records = new ArrayList<>();
    records.add(List.of(OF, model, asOf.toString()));
    for (Versions.Entry entry : versions.entries()) {
      String state = entry.state().name();
      records.add(List.of(ENTRY, entry.version(), entry.identity(), state, entry.reason()));
    }
    versions.aliases().forEach((alias, version) -> records.add(List.of(ALIAS, alias, version)));
    SealedFile.write(directory, key(model), FORMAT, records);
  }

  /**
   * {@return what is in a file}
   *
   * @throws DamagedException if that is no listing of what the file is called
   */
  static Listing read(Path file) throws IOException {
    List<List<String>> records = SealedFile.read(file, FORMAT);
    List<String> first = records.isEmpty() ? List.of() : records.get(0);
    if (first.size() != 3
        || !first.get(0).equals(OF)
        || !key(first.get(1)).equals(String.valueOf(file.getFileName()))) {
      throw new DamagedException("expected the listing that it is called, got another");
    }
    List<Versions.Entry> entries = new ArrayList<>();
    Map<String, String> aliases = new HashMap<>();
    try {
      for (List<String> record : records.subList(1, records.size())) {
        if (record.get(0).equals(ENTRY)) {
          Versions.State state = Versions.State.valueOf(record.get(3));
          entries.add(new Versions.Entry(record.get(1), record.get(2), state, record.get(4)));
        } else {
          aliases.put(record.get(1), record.get(2));
        }
      }
      return new Listing(first.get(1), new Versions(entries, aliases), Instant.parse(first.get(2)));
    } catch (IllegalArgumentException | IndexOutOfBoundsException | DateTimeException e) {
      throw new DamagedException("expected entries and aliases, got other fields");
    }
  }
}
