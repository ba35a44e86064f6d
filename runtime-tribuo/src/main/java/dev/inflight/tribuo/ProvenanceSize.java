package dev.inflight.tribuo;

import com.google.protobuf.InvalidProtocolBufferException;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.ListProvenanceProto;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.MapProvenanceProto;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.ObjectProvenanceProto;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.RootProvenanceProto;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.SimpleProvenanceProto;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How large a provenance becomes when it is loaded. In the file it is a graph of numbered entries,
 * which OLCUT expands to a tree: a cycle overflows its stack, and lists that share children double
 * at every level, so 8 kB can take for ever.
 */
final class ProvenanceSize {
  /** Entries after expansion; the largest honest model we have has 501. */
  private static final long MAX_ENTRIES = 1_000_000;

  private static final int MAX_DEPTH = 64;

  private final Map<Integer, Collection<Integer>> children = new HashMap<>();
  private final Map<Integer, Long> sizes = new HashMap<>();

  private ProvenanceSize(RootProvenanceProto root) {
    Map<String, Integer> objects = new HashMap<>();
    for (ObjectProvenanceProto entry : root.getOmpList()) {
      children.put(entry.getIndex(), entry.getValuesMap().values());
      objects.put(entry.getObjectName(), entry.getIndex());
    }
    for (ListProvenanceProto entry : root.getLmpList()) {
      children.put(entry.getIndex(), entry.getValuesList());
    }
    for (MapProvenanceProto entry : root.getMmpList()) {
      children.put(entry.getIndex(), entry.getValuesMap().values());
    }
    for (SimpleProvenanceProto entry : root.getSmpList()) {
      Integer object = entry.getIsReference() ? objects.get(entry.getValue()) : null;
      children.put(entry.getIndex(), object == null ? List.of() : List.of(object));
    }
  }

  /**
   * Checks every entry.
   *
   * @throws InvalidProtocolBufferException if one contains itself or expands beyond a million
   *     entries
   */
  static void requireBounded(RootProvenanceProto root) throws InvalidProtocolBufferException {
    ProvenanceSize size = new ProvenanceSize(root);
    for (Integer entry : List.copyOf(size.children.keySet())) {
      size.expanded(entry, 0);
    }
  }

  private long expanded(Integer entry, int depth) throws InvalidProtocolBufferException {
    Long known = sizes.get(entry);
    if (known != null) {
      return known;
    }
    long total = 1;
    for (Integer child : children.getOrDefault(entry, List.of())) {
      total += depth > MAX_DEPTH ? MAX_ENTRIES : expanded(child, depth + 1);
      if (total > MAX_ENTRIES) {
        throw new InvalidProtocolBufferException(
            "provenance contains itself or expands beyond " + MAX_ENTRIES + " entries");
      }
    }
    sizes.put(entry, total);
    return total;
  }
}
