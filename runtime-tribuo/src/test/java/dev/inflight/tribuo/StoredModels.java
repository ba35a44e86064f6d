package dev.inflight.tribuo;

import dev.inflight.ModelArtifact;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.Output;
import org.tribuo.OutputFactory;
import org.tribuo.anomaly.AnomalyFactory;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.clustering.ClusteringFactory;
import org.tribuo.impl.ArrayExample;
import org.tribuo.multilabel.MultiLabelFactory;
import org.tribuo.regression.RegressionFactory;
import org.tribuo.sequence.SequenceExample;

/** The files under {@code testmodels/tribuo} and the rows their expected answers belong to. */
final class StoredModels {
  static final String SEQUENCE = "sequence-crf";
  static final String REFUSED = "iris-liblinear";
  static final String LIB_LINEAR =
      "org.tribuo.classification.liblinear.LibLinearClassificationModel";

  private static final Path ROOT =
      Path.of(System.getProperty("inflight.root", "..")).resolve("testmodels");

  /** Rows of numbers under their names. */
  record Table(List<String> names, List<double[]> rows) {}

  private StoredModels() {}

  /** Every model, whatever its kind. */
  static List<String> all() {
    try (Stream<Path> models = Files.list(ROOT.resolve("tribuo"))) {
      return models.map(p -> p.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every model that takes plain rows. */
  static List<String> plain() {
    return all().stream().filter(name -> !name.equals(SEQUENCE)).toList();
  }

  static ModelArtifact artifact(String model) {
    return ModelArtifact.of(model, "1", directory(model).resolve("model.tribuo"));
  }

  static byte[] bytes(String model) throws IOException {
    return Files.readAllBytes(directory(model).resolve("model.tribuo"));
  }

  /** Those bytes as an artifact of their own. */
  static ModelArtifact artifact(Path directory, byte[] bytes) throws IOException {
    Path file = directory.resolve("edited.tribuo");
    Files.write(file, bytes);
    return ModelArtifact.of("edited", "1", file);
  }

  /** The model as Tribuo loads it itself. */
  static org.tribuo.Model<?> tribuo(String model) throws IOException {
    return org.tribuo.Model.deserializeFromFile(directory(model).resolve("model.tribuo"));
  }

  /** First cell of the header: {@code label}, {@code labels}, {@code event}, ... */
  static String kind(String model) {
    return lines(directory(model).resolve("expected.tsv")).get(0).split("\t", -1)[1];
  }

  static OutputFactory<?> factory(String model) {
    String kind = kind(model);
    return switch (kind) {
      case "label" -> new LabelFactory();
      case "labels" -> new MultiLabelFactory();
      case "event" -> new AnomalyFactory();
      case "cluster" -> new ClusteringFactory();
      case "value:target" -> new RegressionFactory();
      default -> throw new IllegalStateException("unknown kind of model " + kind);
    };
  }

  @SuppressWarnings("unchecked") // the class of a T
  static <T extends Output<T>> Class<T> type(OutputFactory<T> factory) {
    return (Class<T>) factory.getUnknownOutput().getClass();
  }

  /** A loader that takes Tribuo's own rows. */
  static TribuoLoader<?, ?> loader(String model) {
    return model.equals(SEQUENCE) ? TribuoLoader.sequences(Label.class) : examples(factory(model));
  }

  private static <T extends Output<T>> TribuoLoader<?, ?> examples(OutputFactory<T> factory) {
    return TribuoLoader.examples(type(factory));
  }

  /** Expected answers without their index, header first. */
  static List<String> expected(String model) {
    return lines(directory(model).resolve("expected.tsv")).stream()
        .map(line -> line.substring(line.indexOf('\t') + 1))
        .toList();
  }

  /** The rows that the expected answers answer. */
  static Table rows(String model) {
    String data =
        Stream.of("cancer", "diabetes").filter(model::startsWith).findAny().orElse("iris");
    List<String> lines = lines(ROOT.resolve("data").resolve(data + "-test.csv"));
    String[] names = lines.get(0).split(",", -1);
    List<double[]> rows = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",", -1);
      rows.add(
          Arrays.stream(cells, 0, names.length - 1).mapToDouble(Double::parseDouble).toArray());
    }
    return new Table(List.of(names).subList(0, names.length - 1), rows);
  }

  static <T extends Output<T>> Example<T> example(T unknown, List<String> names, double[] row) {
    return new ArrayExample<>(unknown, names.toArray(new String[0]), row.clone());
  }

  static List<SequenceExample<Label>> sequences() {
    List<SequenceExample<Label>> sequences = new ArrayList<>();
    List<String> lines = lines(directory(SEQUENCE).resolve("sequences.tsv"));
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split("\t", -1);
      if (cells[1].equals("0")) {
        sequences.add(new SequenceExample<>());
      }
      List<Feature> features = new ArrayList<>();
      for (String cell : List.of(cells).subList(2, cells.length)) {
        int equals = cell.lastIndexOf('=');
        features.add(
            new Feature(cell.substring(0, equals), Double.parseDouble(cell.substring(equals + 1))));
      }
      sequences
          .get(Integer.parseInt(cells[0]))
          .addExample(new ArrayExample<>(LabelFactory.UNKNOWN_LABEL, features));
    }
    return sequences;
  }

  private static Path directory(String model) {
    return ROOT.resolve("tribuo").resolve(model);
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
