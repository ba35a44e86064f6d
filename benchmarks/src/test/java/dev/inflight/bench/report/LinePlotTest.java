package dev.inflight.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

final class LinePlotTest {
  private static Document parse(String svg) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(svg)));
  }

  private static LinePlot plot(boolean xLog, boolean yLog) {
    return new LinePlot("a < b & 'c'", "callers", xLog, "us", yLog);
  }

  @Test
  void svg_namesWithMarkup_isWellFormed() throws Exception {
    LinePlot plot = plot(true, true).point("x < \"y\" & z", 1, 10).point("x < \"y\" & z", 64, 9e6);

    Document svg = parse(plot.svg());

    assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
    assertThat(svg.getElementsByTagName("title").item(0).getTextContent()).isEqualTo("a < b & 'c'");
    assertThat(svg.getElementsByTagName("circle").getLength()).isEqualTo(2);
    assertThat(plot.svg()).contains("prefers-color-scheme:dark").doesNotContain("NaN");
  }

  @Test
  void svg_everyScale_keepsAllDotsInsideTheFrame() throws Exception {
    for (boolean xLog : new boolean[] {false, true}) {
      for (boolean yLog : new boolean[] {false, true}) {
        LinePlot plot = plot(xLog, yLog);
        for (int i = 1; i <= 256; i *= 2) {
          plot.point("one", i, 3.7 * i).point("other", i, 1e4 / i);
        }
        var dots = parse(plot.svg()).getElementsByTagName("circle");
        assertThat(dots.getLength()).isEqualTo(18);
        for (int i = 0; i < dots.getLength(); i++) {
          var dot = dots.item(i).getAttributes();
          assertThat(Double.parseDouble(dot.getNamedItem("cx").getNodeValue()))
              .isBetween(74.0, 550.0);
          assertThat(Double.parseDouble(dot.getNamedItem("cy").getNodeValue()))
              .isBetween(40.0, 344.0);
        }
      }
    }
  }

  @Test
  void svg_onePoint_isWellFormed() throws Exception {
    String svg = plot(true, true).point("one", 1, 1).svg();

    parse(svg);
    assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
  }

  @Test
  void point_notShowable_isLeftOut() {
    LinePlot plot = plot(true, true).point("a", 0, 1).point("a", 1, 0).point("a", 1, Double.NaN);

    assertThat(plot.isEmpty()).isTrue();
  }

  @Test
  void ticks_linear_areRoundAndInside() {
    assertThat(new Axis("y", 0, 1050, false).ticks())
        .containsExactly(0.0, 200.0, 400.0, 600.0, 800.0, 1000.0);
  }

  @Test
  void ticks_logarithmic_areDecades() {
    assertThat(Axis.over("y", java.util.List.of(3.0, 4200.0), true).ticks())
        .containsExactly(1.0, 10.0, 100.0, 1000.0, 10000.0);
  }

  @Test
  void text_largeAndSmall_isShort() {
    assertThat(Axis.text(1000)).isEqualTo("1k");
    assertThat(Axis.text(2_500_000)).isEqualTo("2.5M");
    assertThat(Axis.text(0.1)).isEqualTo("0.1");
    assertThat(Axis.text(0)).isEqualTo("0");
  }
}
