import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.tribuo.Example;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.Output;
import org.tribuo.OutputFactory;
import org.tribuo.Prediction;
import org.tribuo.anomaly.AnomalyFactory;
import org.tribuo.anomaly.Event;
import org.tribuo.anomaly.libsvm.LibSVMAnomalyTrainer;
import org.tribuo.anomaly.libsvm.SVMAnomalyType;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.dtree.CARTClassificationTrainer;
import org.tribuo.classification.ensemble.VotingCombiner;
import org.tribuo.classification.liblinear.LibLinearClassificationTrainer;
import org.tribuo.classification.liblinear.LinearClassificationType;
import org.tribuo.classification.sgd.crf.CRFTrainer;
import org.tribuo.classification.sgd.objectives.LogMulticlass;
import org.tribuo.clustering.ClusterID;
import org.tribuo.clustering.ClusteringFactory;
import org.tribuo.clustering.kmeans.KMeansTrainer;
import org.tribuo.common.libsvm.KernelType;
import org.tribuo.common.libsvm.SVMParameters;
import org.tribuo.common.nearest.KNNModel;
import org.tribuo.common.nearest.KNNTrainer;
import org.tribuo.common.tree.RandomForestTrainer;
import org.tribuo.ensemble.BaggingTrainer;
import org.tribuo.impl.ArrayExample;
import org.tribuo.math.distance.L2Distance;
import org.tribuo.math.neighbour.NeighboursQueryFactoryType;
import org.tribuo.math.optimisers.AdaGrad;
import org.tribuo.multilabel.MultiLabel;
import org.tribuo.multilabel.MultiLabelFactory;
import org.tribuo.multilabel.sgd.objectives.BinaryCrossEntropy;
import org.tribuo.provenance.SimpleDataSourceProvenance;
import org.tribuo.regression.RegressionFactory;
import org.tribuo.regression.Regressor;
import org.tribuo.regression.ensemble.AveragingCombiner;
import org.tribuo.regression.rtree.CARTRegressionTrainer;
import org.tribuo.regression.rtree.impurity.MeanSquaredError;
import org.tribuo.regression.sgd.objectives.SquaredLoss;
import org.tribuo.sequence.MutableSequenceDataset;
import org.tribuo.sequence.SequenceExample;
import org.tribuo.sequence.SequenceModel;
import org.tribuo.transform.TransformTrainer;
import org.tribuo.transform.TransformationMap;
import org.tribuo.transform.transformations.MeanStdDevTransformation;

/**
 * Trains the small Tribuo models used in tests. Usage: TribuoTrainer &lt;csv dir&gt; &lt;out dir&gt;.
 * Writes &lt;out&gt;/&lt;name&gt;/model.tribuo (protobuf) and expected.tsv, computed with the model after reloading it.
 *
 * <p>No module compiles this file. It needs JDK 17 and these modules of Tribuo 4.3.2 with what they depend on:
 * classification-sgd, -tree and -liblinear, regression-sgd and -tree, multilabel-sgd, clustering-kmeans, anomaly-libsvm,
 * common-nearest-neighbour. The test class path of runtime-tribuo has them all; from the repository's root:
 *
 * <pre>
 * mvn -q -pl runtime-tribuo -am compile dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile=/tmp/tribuo.cp
 * java -cp "$(cat /tmp/tribuo.cp)" testmodels/TribuoTrainer.java testmodels/data testmodels/tribuo
 * </pre>
 */
public final class TribuoTrainer {
    static final long SEED = 42L;
    /** Each member adds about 15 kB (provenance is stored with the member and again in the ensemble): 20 would be 300 kB. */
    static final int TREES = 11;
    static final OffsetDateTime EPOCH = OffsetDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

    record Table(String[] names, double[][] rows, String[] response) {
    }

    interface Rows<T extends Output<T>> {
        String header(Model<T> model);

        String row(Model<T> model, Prediction<T> prediction);
    }

    private TribuoTrainer() {
    }

    public static void main(String[] args) throws IOException {
        Logger.getLogger("").setLevel(Level.WARNING);
        libsvm.svm.svm_set_print_string_function(s -> { });
        Path in = Path.of(args[0]);
        Path out = Path.of(args[1]);
        Table irisTrain = read(in.resolve("iris-train.csv"));
        Table irisTest = read(in.resolve("iris-test.csv"));
        Table cancerTrain = read(in.resolve("cancer-train.csv"));
        Table cancerTest = read(in.resolve("cancer-test.csv"));
        Table diabetesTrain = read(in.resolve("diabetes-train.csv"));
        Table diabetesTest = read(in.resolve("diabetes-test.csv"));

        LabelFactory labels = new LabelFactory();
        BiFunction<Table, Integer, Label> label = (t, i) -> new Label(t.response[i]);
        MutableDataset<Label> iris = dataset("iris-train", irisTrain, labels, label);
        MutableDataset<Label> cancer = dataset("cancer-train", cancerTrain, labels, label);
        List<Example<Label>> irisRows = examples(irisTest, label);
        List<Example<Label>> cancerRows = examples(cancerTest, label);

        save(out, "cancer-linear", Label.class, new TransformTrainer<>(logistic(20), standardise(), true).train(cancer),
                cancerRows, LABELS, TribuoTrainer::accuracy);
        save(out, "iris-logistic", Label.class, logistic(50).train(iris), irisRows, LABELS, TribuoTrainer::accuracy);
        save(out, "iris-forest", Label.class,
                new RandomForestTrainer<>(new CARTClassificationTrainer(3, 0.5f, SEED), new VotingCombiner(), TREES, SEED)
                        .train(iris), irisRows, LABELS, TribuoTrainer::accuracy);
        save(out, "iris-knn", Label.class,
                new KNNTrainer<>(5, new L2Distance(), 1, new VotingCombiner(), KNNModel.Backend.STREAMS,
                        NeighboursQueryFactoryType.BRUTE_FORCE).train(iris), irisRows, LABELS, TribuoTrainer::accuracy);
        save(out, "iris-ensemble", Label.class,
                new BaggingTrainer<>(logistic(20), new VotingCombiner(), 5, SEED).train(iris), irisRows, LABELS,
                TribuoTrainer::accuracy);
        save(out, "iris-liblinear", Label.class,
                new LibLinearClassificationTrainer(
                        new LinearClassificationType(LinearClassificationType.LinearType.L2R_LR), 1.0, 1000, 0.01, SEED)
                        .train(iris), irisRows, LABELS, TribuoTrainer::accuracy);

        BiFunction<Table, Integer, Regressor> value =
                (t, i) -> new Regressor("target", Double.parseDouble(t.response[i]));
        MutableDataset<Regressor> diabetes = dataset("diabetes-train", diabetesTrain, new RegressionFactory(), value);
        List<Example<Regressor>> diabetesRows = examples(diabetesTest, value);
        save(out, "diabetes-linear", Regressor.class,
                new TransformTrainer<>(new org.tribuo.regression.sgd.linear.LinearSGDTrainer(new SquaredLoss(),
                        new AdaGrad(10.0, 0.1), 50, -1, 1, SEED), standardise(), true).train(diabetes),
                diabetesRows, VALUES, TribuoTrainer::r2);
        save(out, "diabetes-forest", Regressor.class,
                new RandomForestTrainer<>(new CARTRegressionTrainer(3, 5.0f, 0.0f, 0.5f, new MeanSquaredError(), SEED),
                        new AveragingCombiner(), TREES, SEED).train(diabetes), diabetesRows, VALUES, TribuoTrainer::r2);

        BiFunction<Table, Integer, ClusterID> unassigned = (t, i) -> ClusteringFactory.UNASSIGNED_CLUSTER_ID;
        MutableDataset<ClusterID> clusters = dataset("iris-train", irisTrain, new ClusteringFactory(), unassigned);
        save(out, "iris-kmeans", ClusterID.class,
                new KMeansTrainer(3, 20, new L2Distance(), KMeansTrainer.Initialisation.PLUSPLUS, 1, SEED).train(clusters),
                examples(irisTest, unassigned), CLUSTERS, ps -> "clusters " + ps.stream()
                        .map(p -> p.getOutput().getID()).collect(Collectors.toCollection(TreeSet::new)));

        // Anomaly: only setosa is normal. The training set must hold expected events only.
        BiFunction<Table, Integer, Event> event = (t, i) ->
                t.response[i].equals("setosa") ? AnomalyFactory.EXPECTED_EVENT : AnomalyFactory.ANOMALOUS_EVENT;
        Table setosa = filter(irisTrain, "setosa");
        SVMParameters<Event> svm = new SVMParameters<>(new SVMAnomalyType(SVMAnomalyType.SVMMode.ONE_CLASS), KernelType.RBF);
        svm.setGamma(0.5);
        svm.setNu(0.1);
        save(out, "anomaly-libsvm", Event.class,
                new LibSVMAnomalyTrainer(svm, SEED).train(dataset("iris-setosa", setosa, new AnomalyFactory(), event)),
                examples(irisTest, event), EVENTS, TribuoTrainer::accuracy);

        BiFunction<Table, Integer, MultiLabel> multi = TribuoTrainer::irisMultiLabel;
        save(out, "multilabel-linear", MultiLabel.class,
                new org.tribuo.multilabel.sgd.linear.LinearSGDTrainer(new BinaryCrossEntropy(), new AdaGrad(0.5, 0.1), 100,
                        -1, 1, SEED).train(dataset("iris-multilabel", irisTrain, new MultiLabelFactory(), multi)),
                examples(irisTest, multi), MULTI, TribuoTrainer::accuracy);

        sequence(out);
    }

    // ---- training helpers -----------------------------------------------------------------------------------------

    static org.tribuo.classification.sgd.linear.LinearSGDTrainer logistic(int epochs) {
        return new org.tribuo.classification.sgd.linear.LinearSGDTrainer(new LogMulticlass(), new AdaGrad(0.5, 0.1), epochs,
                -1, 1, SEED);
    }

    static TransformationMap standardise() {
        return new TransformationMap(List.of(new MeanStdDevTransformation()));
    }

    static MultiLabel irisMultiLabel(Table t, int i) {
        Set<Label> set = new HashSet<>();
        double[] r = t.rows[i];
        if (r[0] > 5.8) {
            set.add(new Label("long-sepal"));
        }
        if (r[2] > 4.0) {
            set.add(new Label("long-petal"));
        }
        if (r[3] > 1.5) {
            set.add(new Label("wide-petal"));
        }
        return new MultiLabel(set);
    }

    static <T extends Output<T>> MutableDataset<T> dataset(String source, Table t, OutputFactory<T> factory,
            BiFunction<Table, Integer, T> response) {
        MutableDataset<T> data = new MutableDataset<>(new SimpleDataSourceProvenance(source, EPOCH, factory), factory);
        examples(t, response).forEach(data::add);
        return data;
    }

    static <T extends Output<T>> List<Example<T>> examples(Table t, BiFunction<Table, Integer, T> response) {
        List<Example<T>> list = new ArrayList<>();
        for (int i = 0; i < t.rows.length; i++) {
            list.add(new ArrayExample<>(response.apply(t, i), t.names.clone(), t.rows[i].clone()));
        }
        return list;
    }

    static Table filter(Table t, String response) {
        List<double[]> rows = new ArrayList<>();
        for (int i = 0; i < t.rows.length; i++) {
            if (t.response[i].equals(response)) {
                rows.add(t.rows[i]);
            }
        }
        String[] r = new String[rows.size()];
        Arrays.fill(r, response);
        return new Table(t.names, rows.toArray(new double[0][]), r);
    }

    // ---- saving ---------------------------------------------------------------------------------------------------

    static <T extends Output<T>> void save(Path out, String name, Class<T> type, Model<T> trained, List<Example<T>> test,
            Rows<T> rows, java.util.function.Function<List<Prediction<T>>, String> score) throws IOException {
        Path dir = Files.createDirectories(out.resolve(name));
        Path file = dir.resolve("model.tribuo");
        trained.setName(name);
        trained.serializeToFile(file);
        Model<T> model = Model.deserializeFromFile(file).castModel(type);
        List<Prediction<T>> predictions = new ArrayList<>();
        try (PrintWriter w = writer(dir.resolve("expected.tsv"))) {
            w.print("index\t" + rows.header(model) + "\n");
            for (int i = 0; i < test.size(); i++) {
                Prediction<T> p = model.predict(test.get(i));
                Prediction<T> q = trained.predict(test.get(i));
                String row = rows.row(model, p);
                if (!row.equals(rows.row(trained, q))) {
                    throw new IllegalStateException(name + ": reloaded model differs at row " + i);
                }
                predictions.add(p);
                w.print(i + "\t" + row + "\n");
            }
        }
        report(name, model.getClass(), file, score.apply(predictions));
    }

    static void report(String name, Class<?> type, Path file, String score) throws IOException {
        long size = Files.size(file);
        if (size > 200_000) {
            throw new IllegalStateException(name + " is too large: " + size);
        }
        System.out.printf(Locale.ROOT, "%-18s %-66s %7d  %s%n", name, type.getName(), size, score);
    }

    static PrintWriter writer(Path path) throws IOException {
        return new PrintWriter(Files.newBufferedWriter(path, StandardCharsets.UTF_8));
    }

    static <T extends Output<T>> List<T> byId(Model<T> model) {
        List<T> list = new ArrayList<>();
        for (int i = 0; i < model.getOutputIDInfo().size(); i++) {
            list.add(model.getOutputIDInfo().getOutput(i));
        }
        return list;
    }

    static final Rows<Label> LABELS = new Rows<>() {
        @Override
        public String header(Model<Label> m) {
            return "label" + byId(m).stream().map(l -> "\tscore:" + l.getLabel()).collect(Collectors.joining());
        }

        @Override
        public String row(Model<Label> m, Prediction<Label> p) {
            return p.getOutput().getLabel() + byId(m).stream()
                    .map(l -> "\t" + p.getOutputScores().get(l.getLabel()).getScore()).collect(Collectors.joining());
        }
    };

    static final Rows<Regressor> VALUES = new Rows<>() {
        @Override
        public String header(Model<Regressor> m) {
            return "value:target";
        }

        @Override
        public String row(Model<Regressor> m, Prediction<Regressor> p) {
            return Arrays.stream(p.getOutput().getValues()).mapToObj(Double::toString).collect(Collectors.joining("\t"));
        }
    };

    static final Rows<ClusterID> CLUSTERS = new Rows<>() {
        @Override
        public String header(Model<ClusterID> m) {
            return "cluster";
        }

        @Override
        public String row(Model<ClusterID> m, Prediction<ClusterID> p) {
            return Integer.toString(p.getOutput().getID());
        }
    };

    static final Rows<Event> EVENTS = new Rows<>() {
        @Override
        public String header(Model<Event> m) {
            return "event\tscore";
        }

        @Override
        public String row(Model<Event> m, Prediction<Event> p) {
            return p.getOutput().getType() + "\t" + p.getOutput().getScore();
        }
    };

    /** Labels are sorted by name and joined with '|'; an empty set is written as '-'. */
    static final Rows<MultiLabel> MULTI = new Rows<>() {
        @Override
        public String header(Model<MultiLabel> m) {
            return "labels" + byId(m).stream().map(l -> "\tscore:" + l.getLabelString()).collect(Collectors.joining());
        }

        @Override
        public String row(Model<MultiLabel> m, Prediction<MultiLabel> p) {
            Set<String> set = new TreeSet<>(p.getOutput().getNameSet());
            Map<String, MultiLabel> scores = p.getOutputScores();
            return (set.isEmpty() ? "-" : String.join("|", set)) + byId(m).stream().map(l -> {
                MultiLabel s = scores.get(l.getLabelString());
                return "\t" + s.getLabelScore(s.getLabelSet().iterator().next()).getAsDouble();
            }).collect(Collectors.joining());
        }
    };

    static <T extends Output<T>> String accuracy(List<Prediction<T>> predictions) {
        long ok = predictions.stream().filter(p -> p.getOutput().equals(p.getExample().getOutput())).count();
        return String.format(Locale.ROOT, "accuracy %.4f", ok / (double) predictions.size());
    }

    static String r2(List<Prediction<Regressor>> predictions) {
        double mean = predictions.stream().mapToDouble(p -> p.getExample().getOutput().getValues()[0]).average().orElse(0);
        double rss = 0;
        double tss = 0;
        for (Prediction<Regressor> p : predictions) {
            double y = p.getExample().getOutput().getValues()[0];
            rss += Math.pow(y - p.getOutput().getValues()[0], 2);
            tss += Math.pow(y - mean, 2);
        }
        return String.format(Locale.ROOT, "R2 %.4f", 1 - rss / tss);
    }

    // ---- sequences ------------------------------------------------------------------------------------------------

    /** Synthetic tagging: a token after "start" is IN until "stop"; every other token is OUT. */
    static SequenceExample<Label> sentence(Random rng) {
        SequenceExample<Label> seq = new SequenceExample<>();
        boolean inside = false;
        int n = 4 + rng.nextInt(5);
        for (int i = 0; i < n; i++) {
            int k = rng.nextInt(4);
            String word = k == 0 ? "start" : k == 1 ? "stop" : "word";
            String tag = word.equals("word") ? (inside ? "IN" : "OUT") : "MARK";
            inside = word.equals("start") || !word.equals("stop") && inside;
            seq.addExample(new ArrayExample<>(new Label(tag),
                    new String[] {"length", "word=" + word}, new double[] {word.length() / 10.0, 1.0}));
        }
        return seq;
    }

    /** Also writes sequences.tsv: sequence, position, then name=value features (the value follows the last '='). */
    static void sequence(Path out) throws IOException {
        LabelFactory factory = new LabelFactory();
        Random rng = new Random(SEED);
        MutableSequenceDataset<Label> data = new MutableSequenceDataset<>(
                new SimpleDataSourceProvenance("synthetic-sequences", EPOCH, factory), factory);
        for (int i = 0; i < 200; i++) {
            data.add(sentence(rng));
        }
        SequenceModel<Label> trained = new CRFTrainer(new AdaGrad(1.0, 0.1), 20, -1, 1, SEED).train(data, Collections.emptyMap());
        Path dir = Files.createDirectories(out.resolve("sequence-crf"));
        Path file = dir.resolve("model.tribuo");
        trained.setName("sequence-crf");
        trained.serializeToFile(file);
        SequenceModel<Label> model = SequenceModel.deserializeFromFile(file).castModel(Label.class);
        int ok = 0;
        int total = 0;
        try (PrintWriter w = writer(dir.resolve("expected.tsv")); PrintWriter s = writer(dir.resolve("sequences.tsv"))) {
            w.print("index\tposition\tlabel\n");
            s.print("index\tposition\tfeatures\n");
            for (int i = 0; i < 20; i++) {
                SequenceExample<Label> seq = sentence(rng);
                List<Prediction<Label>> ps = model.predict(seq);
                List<Prediction<Label>> qs = trained.predict(seq);
                for (int j = 0; j < ps.size(); j++) {
                    if (!ps.get(j).getOutput().equals(qs.get(j).getOutput())) {
                        throw new IllegalStateException("sequence-crf: reloaded model differs");
                    }
                    w.print(i + "\t" + j + "\t" + ps.get(j).getOutput().getLabel() + "\n");
                    StringBuilder b = new StringBuilder();
                    seq.get(j).forEach(f -> b.append('\t').append(f.getName()).append('=').append(f.getValue()));
                    s.print(i + "\t" + j + b + "\n");
                    total++;
                    ok += ps.get(j).getOutput().equals(seq.get(j).getOutput()) ? 1 : 0;
                }
            }
        }
        report("sequence-crf", model.getClass(), file, String.format(Locale.ROOT, "accuracy %.4f", ok / (double) total));
    }

    // ---- CSV ------------------------------------------------------------------------------------------------------

    static Table read(Path csv) throws IOException {
        List<String> lines = Files.readAllLines(csv, StandardCharsets.UTF_8).stream().filter(l -> !l.isBlank()).toList();
        String[] header = lines.get(0).split(",", -1);
        int n = header.length - 1;
        double[][] rows = new double[lines.size() - 1][n];
        String[] response = new String[rows.length];
        for (int i = 0; i < rows.length; i++) {
            String[] cells = lines.get(i + 1).split(",", -1);
            for (int j = 0; j < n; j++) {
                rows[i][j] = Double.parseDouble(cells[j]);
            }
            response[i] = cells[n];
        }
        return new Table(Arrays.copyOf(header, n), rows, response);
    }
}
