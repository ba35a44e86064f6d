package dev.inflight.tribuo;

import com.oracle.labs.mlrg.olcut.provenance.ListProvenance;
import com.oracle.labs.mlrg.olcut.provenance.MapProvenance;
import com.oracle.labs.mlrg.olcut.provenance.ObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.PrimitiveProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.util.Pair;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A model's provenance as flat text: {@code trainer.epochs}, {@code
 * dataset.datasource.resource-hash}, ...
 */
final class Provenances {
  /** More than any trainer has; a transformed ensemble has hundreds. */
  private static final int MAX_ENTRIES = 2_000;

  private static final int MAX_DEPTH = 16;

  private Provenances() {}

  static Map<String, String> flat(Provenance provenance) {
    Map<String, String> flat = new LinkedHashMap<>();
    put(flat, "", provenance, 0);
    return flat;
  }

  private static void put(Map<String, String> flat, String path, Provenance provenance, int depth) {
    if (flat.size() >= MAX_ENTRIES || depth > MAX_DEPTH) {
      return;
    }
    if (provenance instanceof PrimitiveProvenance<?> primitive) {
      flat.put(path, String.valueOf(primitive.getValue()));
    } else if (provenance instanceof ListProvenance<?> list) {
      int i = 0;
      for (Provenance element : list) {
        put(flat, path + "." + i++, element, depth + 1);
      }
    } else if (provenance instanceof MapProvenance<?> map) {
      for (Pair<String, ? extends Provenance> entry : map) {
        put(flat, path + "." + entry.getA(), entry.getB(), depth + 1);
      }
    } else if (provenance instanceof ObjectProvenance object) {
      for (Pair<String, Provenance> entry : object) {
        put(
            flat,
            path.isEmpty() ? entry.getA() : path + "." + entry.getA(),
            entry.getB(),
            depth + 1);
      }
    }
  }
}
