package dev.inflight.bench.model;

import java.util.Random;

/** Models in PMML 4.4; the fields are {@code f0}, {@code f1}, ... and the target {@code y}. */
public final class PmmlText {
  private PmmlText() {}

  /** {@return a logistic regression, the probability of class 1 asked for} */
  public static String logistic(int features) {
    Random random = new Random(7);
    StringBuilder text = begin(features);
    text.append("<RegressionModel functionName=\"classification\" normalizationMethod=\"logit\">");
    miningSchema(text, features);
    text.append("<Output><OutputField name=\"p\" optype=\"continuous\" dataType=\"double\"");
    text.append(" feature=\"probability\" value=\"1\"/></Output>");
    text.append("<RegressionTable intercept=\"0.1\" targetCategory=\"1\">");
    for (int i = 0; i < features; i++) {
      text.append("<NumericPredictor name=\"f").append(i).append("\" coefficient=\"");
      text.append(random.nextGaussian()).append("\"/>");
    }
    text.append("</RegressionTable><RegressionTable intercept=\"0\" targetCategory=\"0\"/>");
    return text.append("</RegressionModel></PMML>")
        .toString()
        .replace(
            "<DataField name=\"y\" optype=\"continuous\" dataType=\"double\"/>",
            "<DataField name=\"y\" optype=\"categorical\" dataType=\"integer\">"
                + "<Value value=\"0\"/><Value value=\"1\"/></DataField>");
  }

  static StringBuilder begin(int features) {
    StringBuilder text = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    text.append("<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\"><Header/>");
    text.append("<DataDictionary>");
    text.append("<DataField name=\"y\" optype=\"continuous\" dataType=\"double\"/>");
    for (int i = 0; i < features; i++) {
      text.append("<DataField name=\"f").append(i);
      text.append("\" optype=\"continuous\" dataType=\"float\"/>");
    }
    return text.append("</DataDictionary>");
  }

  static void miningSchema(StringBuilder text, int features) {
    text.append("<MiningSchema><MiningField name=\"y\" usageType=\"target\"/>");
    for (int i = 0; i < features; i++) {
      text.append("<MiningField name=\"f").append(i).append("\"/>");
    }
    text.append("</MiningSchema>");
  }
}
