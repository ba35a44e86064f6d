package dev.inflight.deploy;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.Outcome;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import dev.inflight.tensor.Signature;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Function;

/** The gates that come with the library. Each fails closed: what it cannot look at is refused. */
final class Gates {
  private Gates() {}

  /** A gate with another name or patience. */
  record Named<I, O>(String name, Duration patience, Gate<I, O> gate) implements Gate<I, O> {
    @Override
    public String check(Candidate<I, O> candidate) throws Exception {
      return gate.check(candidate);
    }

    @Override
    public Gate<I, O> named(String other) {
      return new Named<>(other, patience, gate);
    }

    @Override
    public Gate<I, O> within(Duration other) {
      return new Named<>(name, other, gate);
    }
  }

  private static void refuse(boolean when, String why) {
    if (when) {
      throw new IllegalStateException(why);
    }
  }

  /** See {@link Gate#warmUp}. */
  record WarmUp<I, O>(List<I> rows) implements Gate<I, O> {
    /** Of the gate's patience, for lanes that are taken by long runs. */
    private static final Duration LANES = Duration.ofSeconds(30);

    @Override
    public String check(Candidate<I, O> candidate) {
      int runs = candidate.resident().warmUp(rows, LANES);
      refuse(runs == 0, "expected a free lane within " + LANES + ", got none");
      return runs + " runs";
    }
  }

  /** See {@link Gate#golden}. */
  record GoldenRows<I, O>(
      Function<ModelArtifact, List<Gate.Golden<I, O>>> beside, Tolerance tolerance)
      implements Gate<I, O> {
    @Override
    public String check(Candidate<I, O> candidate) {
      List<Gate.Golden<I, O>> rows = beside.apply(candidate.artifact());
      refuse(rows.isEmpty(), "expected golden rows, got none");
      Predictor<I, O> predictor = candidate.predictor();
      for (int i = 0; i < rows.size(); i++) {
        var difference =
            tolerance.compare(rows.get(i).answer(), predictor.predict(rows.get(i).row()));
        int at = i;
        difference.ifPresent(
            found -> {
              throw new IllegalStateException("golden row " + at + ": " + found);
            });
      }
      return rows.size() + " rows, " + tolerance;
    }
  }

  /** See {@link Gate#batchInvariance}. */
  record BatchInvariance<I, O>(List<I> rows, Tolerance tolerance, boolean elseAlone)
      implements Gate<I, O> {
    private static final Duration LANE = Duration.ofSeconds(10);

    /** The largest batch looked at; a model that is wrong at 256 is wrong at 64. */
    private static final int LARGEST = 64;

    @Override
    public String check(Candidate<I, O> candidate) {
      refuse(rows.isEmpty(), "expected rows, got none");
      List<O> alone = new ArrayList<>();
      for (I row : rows) {
        alone.add(together(candidate.resident(), List.of(row)).get(0).value());
      }
      TreeSet<Integer> sizes = new TreeSet<>(List.of(2, 3, 7, LARGEST));
      for (int size : sizes) {
        String difference = difference(candidate.resident(), alone, size);
        if (!difference.isEmpty()) {
          refuse(!elseAlone, difference);
          candidate.serveAlone();
          return "serves row by row: " + difference;
        }
      }
      return rows.size() + " rows in batches of " + sizes + ", " + tolerance;
    }

    private String difference(Resident<I, O> resident, List<O> alone, int size) {
      Random random = new Random(size); // the same order every time
      for (int round = 0; round < 2; round++) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < size; i++) {
          order.add(i % rows.size());
        }
        if (round > 0) {
          Collections.shuffle(order, random);
        }
        List<Outcome<O>> batch = together(resident, order.stream().map(rows::get).toList());
        for (int i = 0; i < size; i++) {
          var found = tolerance.compare(alone.get(order.get(i)), batch.get(i).value());
          if (found.isPresent()) {
            return "row " + order.get(i) + " alone and in a batch of " + size + ": " + found.get();
          }
        }
      }
      return "";
    }

    private List<Outcome<O>> together(Resident<I, O> resident, List<I> batch) {
      List<Outcome<O>> outcomes = resident.runTogether(batch, LANE);
      refuse(outcomes.size() != batch.size(), "expected a free lane within " + LANE + ", got none");
      return outcomes;
    }
  }

  /** See {@link Gate#sameSignature}. */
  record SameSignature<I, O>() implements Gate<I, O> {
    @Override
    public String check(Candidate<I, O> candidate) {
      if (candidate.live().isEmpty()) {
        return "the first version";
      }
      ModelInfo live = candidate.live().get().info();
      Signature expected = live.signature();
      Signature got = candidate.info().signature();
      refuse(
          !Objects.equals(expected, got),
          "expected the signature of " + live.label() + ": " + expected + ", got " + got);
      return "as " + live.label();
    }
  }

  /** See {@link Gate#latency}. */
  record Latency<I, O>(List<I> rows, Duration atMost) implements Gate<I, O> {
    private static final int CALLS = 101;

    @Override
    public String check(Candidate<I, O> candidate) {
      refuse(rows.isEmpty(), "expected rows, got none");
      long[] nanos = new long[CALLS];
      for (int round = 0; round < 2; round++) { // the first one warms up
        for (int i = 0; i < CALLS; i++) {
          long begin = System.nanoTime();
          var unused = candidate.predictor().predict(rows.get(i % rows.size()));
          nanos[i] = System.nanoTime() - begin;
        }
      }
      Arrays.sort(nanos);
      long median = nanos[CALLS / 2];
      String said = "median " + Duration.ofNanos(median) + " of at most " + atMost;
      refuse(median > atMost.toNanos(), said);
      return said;
    }
  }

  /** See {@link Gate#size}. */
  record Size<I, O>(long atMostBytes) implements Gate<I, O> {
    @Override
    public String check(Candidate<I, O> candidate) throws IOException {
      long files = candidate.fileBytes();
      long memory = candidate.resident().memoryBytes();
      String said =
          "files " + files + " bytes, memory " + memory + " bytes, of at most " + atMostBytes;
      refuse(Math.max(files, memory) > atMostBytes, said);
      return said;
    }
  }
}
