package dev.inflight.tribuo;

/**
 * A model as flat arrays: from a row of numbers to its answer without an example, a prediction or a
 * map. Immutable; all lanes share it.
 *
 * @param threshold what a score must exceed for its label to apply, where several may
 */
record Compiled(Scorer scorer, Answers<?> answers, double threshold) {

  /** {@return a way through this model with scratch memory of its own, for one lane} */
  TribuoRunner.Evaluation newEvaluation() {
    double[] scores = new double[answers.columns().size()];
    int[] leaves = new int[scorer.trees().map(Trees::count).orElse(0)];
    return (values, target) ->
        answers.write(scorer.score(values, scores, leaves), scores, threshold, target, 0);
  }
}
