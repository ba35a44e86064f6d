package dev.inflight.tribuo;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.FeatureMap;
import org.tribuo.Output;
import org.tribuo.impl.ArrayExample;
import org.tribuo.protos.core.ExampleProto;
import org.tribuo.util.Merger;

/**
 * One reusable row of a lane: points at doubles that a codec wrote, instead of copying them into an
 * example of their own.
 *
 * <p>Invariant: columns are in the order of their names, as Tribuo sorts its own examples. A {@code
 * Prediction} keeps its example, which is this object and changes with the next row: take what is
 * needed and drop it.
 */
final class FlyweightExample<T extends Output<T>> extends Example<T> {
  private static final long serialVersionUID = 1L;

  private final transient Feature[] columns;
  private transient DoubleBuffer values = DoubleBuffer.allocate(0);
  private int start;

  /** Names are in the order of the row. */
  FlyweightExample(String[] names, T unknown) {
    super(unknown);
    columns = new Feature[names.length];
    for (int i = 0; i < names.length; i++) {
      columns[i] = new Column(names[i], i);
    }
    Arrays.sort(columns, Feature.featureNameComparator());
    for (int i = 1; i < columns.length; i++) {
      if (columns[i].getName().equals(columns[i - 1].getName())) {
        throw new IllegalArgumentException("column '" + columns[i].getName() + "' is given twice");
      }
    }
  }

  /** Points at the row whose first value is values.get(start), an absolute index. */
  FlyweightExample<T> read(DoubleBuffer values, int start) {
    this.values = values;
    this.start = start;
    return this;
  }

  private final class Column extends Feature {
    private static final long serialVersionUID = 1L;
    private final int column;

    Column(String name, int column) {
      super(name, Double.NaN);
      this.column = column;
    }

    @Override
    public double getValue() {
      return values.get(start + column);
    }

    // The superclass reads its own field in the methods below; without these overrides they would
    // see NaN.
    @Override
    public Feature clone() {
      return new Feature(name, getValue());
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }

    @Override
    public String toString() {
      return name; // Tribuo puts features into exception messages; keep row values out of them
    }
  }

  @Override
  public Iterator<Feature> iterator() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < columns.length;
      }

      @Override
      public Feature next() {
        if (next == columns.length) {
          throw new NoSuchElementException();
        }
        return columns[next++];
      }
    };
  }

  @Override
  public int size() {
    return columns.length;
  }

  @Override
  public boolean isDense(FeatureMap map) {
    if (map.size() != columns.length) {
      return false;
    }
    for (Feature c : columns) {
      if (map.get(c.getName()) == null) {
        return false;
      }
    }
    return true;
  }

  /** A detached snapshot. */
  @Override
  public Example<T> copy() {
    return new ArrayExample<>(this);
  }

  @Override
  public boolean validateExample() {
    return columns.length > 0;
  }

  @Override
  public void canonicalize(FeatureMap map) {
    // only swaps equal strings; nothing to do
  }

  @Override
  public ExampleProto serialize() {
    return copy().serialize();
  }

  @Override
  public String toString() {
    return columns.length + " columns"; // goes into Tribuo's exception messages
  }

  @Override
  protected void sort() {
    // sorted at construction
  }

  @Override
  public void add(Feature feature) {
    throw readOnly();
  }

  @Override
  public void addAll(Collection<? extends Feature> features) {
    if (!features.isEmpty()) {
      throw readOnly();
    }
  }

  @Override
  public void set(Feature feature) {
    throw readOnly();
  }

  @Override
  public void removeFeatures(List<Feature> features) {
    throw readOnly();
  }

  @Override
  public void reduceByName(Merger merger) {
    throw readOnly();
  }

  @Override
  protected void densify(List<String> featureNames) {
    throw readOnly();
  }

  private static UnsupportedOperationException readOnly() {
    return new UnsupportedOperationException("an example that reads a row in place cannot change");
  }
}
