package dev.inflight.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelLoadException;
import dev.inflight.fetch.Expected;
import dev.inflight.fetch.FetchLimits;
import dev.inflight.fetch.FetchListener;
import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Staging;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;

class S3Test {
  private static final String KEY = "AKIAIOSFODNN7EXAMPLE";
  private static final String SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  private static final AwsCredentialsProvider NONE =
      () -> {
        throw SdkClientException.create("looked everywhere");
      };

  @TempDir Path target;

  private static S3 s3() {
    return S3.fromEnvironment(Map.of("AWS_REGION", "us-east-1"), NONE).withCredentials(KEY, SECRET);
  }

  /** "Authenticating Requests: Using Query Parameters", Amazon S3 API Reference. */
  @Test
  void presign_amazonsOwnExample_hasAmazonsSignature() throws IOException {
    S3 then =
        s3().withEndpoint(URI.create("https://s3.amazonaws.com"))
            .at(
                Clock.fixed(Instant.parse("2013-05-24T00:00:00Z"), ZoneOffset.UTC),
                Duration.ofDays(1));

    URI signed = then.presign(URI.create("s3://examplebucket/test.txt"));

    assertThat(signed.getScheme() + "://" + signed.getAuthority() + signed.getRawPath())
        .isEqualTo("https://examplebucket.s3.amazonaws.com/test.txt");
    assertThat(signed.getRawQuery().split("&", -1))
        .containsExactlyInAnyOrder(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
            "X-Amz-Date=20130524T000000Z",
            "X-Amz-Expires=86400",
            "X-Amz-SignedHeaders=host",
            "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.onnx",
        "a b/model.onnx",
        "a+b/model.onnx",
        "50%/model.onnx",
        "gr\u00fc\u00dfe/\u6a21\u578b/model.onnx",
        "a//b/./c/../model.onnx",
        "q?x=1&y=2#z/~model*(1)!'.onnx"
      })
  void presign_anyKey_leadsToItsBytes(String key) throws Exception {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    try (FakeS3 store = new FakeS3(SECRET)) {
      store.put("my_bucket/" + key, bytes);
      URI file = URI.create("s3://my_bucket/" + HttpSource.encodedPath(key));
      for (S3 s3 : new S3[] {s3(), s3().withCredentials(KEY, SECRET, "to/ken+==")}) {
        Staging staging = new Staging("m v1", target, FetchLimits.defaults(), FetchListener.NONE);
        String name = s3.toString().hashCode() + "-" + System.nanoTime();
        staging.download(
            name,
            Expected.bytes(bytes.length),
            HttpSource.of(HttpSource.Patience.defaults()),
            s3.withEndpoint(store.uri()).presign(file));
        assertThat(target.resolve(name)).hasBinaryContent(bytes);
      }
    }
  }

  @Test
  void download_wrongSecret_saysWhatTheStoreSaidAndNoSecret() throws Exception {
    String token = "session-token-that-nobody-may-see";
    try (FakeS3 store = new FakeS3("another secret")) {
      S3 s3 = s3().withCredentials(KEY, SECRET, token).withEndpoint(store.uri());
      Staging staging = new Staging("m v1", target, FetchLimits.defaults(), FetchListener.NONE);
      URI signed = s3.presign(URI.create("s3://bucket/model.onnx"));
      assertThatThrownBy(
              () ->
                  staging.download(
                      "model.onnx",
                      Expected.nothing(),
                      HttpSource.of(HttpSource.Patience.defaults()),
                      signed))
          .isInstanceOf(ModelLoadException.class)
          .hasMessageContaining("got 403")
          .hasMessageContaining("SignatureDoesNotMatch ***")
          .hasMessageNotContaining(token)
          .hasMessageNotContaining(SECRET)
          .hasMessageNotContaining("X-Amz");
    }
  }

  @Test
  void presign_bucketsAndEndpoints_areWhereStoresLookForThem() throws IOException {
    assertThat(address(s3(), "s3://bucket/key"))
        .isEqualTo("https://bucket.s3.us-east-1.amazonaws.com/key");
    assertThat(address(s3().withRegion("cn-north-1"), "s3://bucket/key"))
        .isEqualTo("https://bucket.s3.cn-north-1.amazonaws.com.cn/key");
    assertThat(address(s3(), "s3://my_bucket/key"))
        .isEqualTo("https://s3.us-east-1.amazonaws.com/my_bucket/key");
    assertThat(address(s3(), "s3://my.bucket/key"))
        .isEqualTo("https://s3.us-east-1.amazonaws.com/my.bucket/key");
    S3 minio = s3().withEndpoint(URI.create("https://minio:9000/store/"));
    assertThat(address(minio, "s3://bucket/key")).isEqualTo("https://bucket.minio:9000/store/key");
    assertThat(address(minio.withPathStyle(), "s3://bucket/key"))
        .isEqualTo("https://minio:9000/store/bucket/key");
    assertThat(address(s3().withEndpoint(URI.create("http://localhost:9000")), "S3://bucket/key"))
        .isEqualTo("http://localhost:9000/bucket/key");
  }

  @Test
  void fromEnvironment_endpointAndRegion_areTakenInTheOrderOfTheTools() throws IOException {
    Map<String, String> all =
        Map.of(
            "MLFLOW_S3_ENDPOINT_URL", "http://mlflow:1",
            "AWS_ENDPOINT_URL_S3", "http://s3:2",
            "AWS_ENDPOINT_URL", "http://aws:3",
            "AWS_REGION", "eu-west-1",
            "AWS_DEFAULT_REGION", "eu-west-2");
    S3 s3 = S3.fromEnvironment(all, NONE).withCredentials(KEY, SECRET);
    assertThat(address(s3, "s3://bucket/key")).isEqualTo("http://mlflow:1/bucket/key");
    assertThat(s3.presign(URI.create("s3://bucket/key")).getRawQuery()).contains("%2Feu-west-1%2F");
    S3 bare = S3.fromEnvironment(Map.of("AWS_ENDPOINT_URL", "http://aws:3"), NONE);
    URI signed = bare.withCredentials(KEY, SECRET).presign(URI.create("s3://bucket/key"));
    assertThat(signed).asString().startsWith("http://aws:3/bucket/key?").contains("us-east-1");
  }

  private static String address(S3 s3, String file) throws IOException {
    return s3.presign(URI.create(file)).toString().split("\\?", 2)[0];
  }

  @Test
  void presign_noCredentials_saysWhereTheyAreLookedFor() {
    S3 s3 = S3.fromEnvironment(Map.of("AWS_REGION", "us-east-1"), NONE);
    assertThatThrownBy(() -> s3.presign(URI.create("s3://bucket/key")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected an access key")
        .hasMessageContaining("AWS_ACCESS_KEY_ID")
        .hasMessageContaining("got none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://bucket/key",
        "bucket/key",
        "s3:/bucket/key",
        "s3:///key",
        "s3://bucket",
        "s3://bucket/",
        "s3://key:hunter2@bucket/key",
        "s3://bucket:443/key",
        "s3://bucket/key?versionId=hunter2",
        "s3://bucket/key#hunter2",
        "s3://bucket/%ff"
      })
  void presign_anotherAddress_isRefusedAndNotQuoted(String address) {
    assertThatThrownBy(() -> s3().presign(URI.create(address)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected s3://<bucket>/<key>, got")
        .hasMessageNotContaining("hunter2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "minio:9000",
        "ftp://minio",
        "http://user:hunter2@minio",
        "http://minio?x=hunter2"
      })
  void withEndpoint_noEndpoint_isRefused(String endpoint) {
    assertThatThrownBy(() -> s3().withEndpoint(URI.create(endpoint)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("S3 endpoint: expected")
        .hasMessageNotContaining("hunter2");
    assertThatThrownBy(() -> s3().withRegion("evil.example/#"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(s3().withRegion("eu-west-1")).hasToString("S3 at Amazon in eu-west-1");
  }
}
