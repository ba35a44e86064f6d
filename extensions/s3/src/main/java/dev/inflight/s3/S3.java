package dev.inflight.s3;

import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Presigner;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4FamilyHttpSigner.AuthLocation;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;
import software.amazon.awssdk.http.auth.spi.signer.HttpSigner;
import software.amazon.awssdk.identity.spi.AwsCredentialsIdentity;
import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;

/**
 * Signs addresses of S3, and of stores that speak its protocol such as MinIO or Ceph: {@code
 * s3://<bucket>/<key>}, the key percent-encoded, as every URI. Nothing is sent for it, except where
 * the credentials or the region are those of a container or a machine, which are asked for.
 * Immutable; safe for several threads.
 *
 * <p>Credentials and region are found as all tools of AWS find them (the environment, {@code
 * ~/.aws}, the role of a container or a machine) unless they are given. With a role by web identity
 * or a profile by single sign-on, {@code software.amazon.awssdk:sts} or {@code sso} has to be on
 * the class path too.
 */
public final class S3 implements Presigner {
  /** Long enough for a file to begin; one that has begun may take longer. */
  private static final Duration LIFETIME = Duration.ofHours(1);

  /** Where a store of one's own has no regions, its tools sign for this one. */
  private static final String NO_REGION = "us-east-1";

  /** Longer than today's limit of 63: the oldest buckets have such names. */
  private static final Pattern BUCKET = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{1,254}");

  /** What may be a label of a host: no underscore, and no dot, which certificates do not cover. */
  private static final Pattern LABEL = Pattern.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?");

  private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,60}");
  private static final Pattern NO_SUBDOMAINS = Pattern.compile("localhost|[0-9.]+|\\[.*\\]");

  /** What can be said of it. */
  private record Settings(
      Optional<URI> endpoint,
      Optional<String> region,
      AwsCredentialsProvider credentials,
      boolean pathStyle) {}

  private final Settings settings;
  private final Clock clock;
  private final Duration lifetime;
  private final AwsV4HttpSigner signer = AwsV4HttpSigner.create();

  private S3(Settings settings, Clock clock, Duration lifetime) {
    this.settings = settings;
    this.clock = clock;
    this.lifetime = lifetime;
  }

  /**
   * {@return the store that AWS' and MLflow's own tools would use} Of {@code
   * MLFLOW_S3_ENDPOINT_URL}, {@code AWS_ENDPOINT_URL_S3} and {@code AWS_ENDPOINT_URL} the first
   * that is set is its endpoint, in {@linkplain #withPathStyle path style}; Amazon's, if none is.
   * Region and credentials are looked for when an address is signed.
   *
   * @throws IllegalArgumentException if what is set is no endpoint or no region
   */
  public static S3 fromEnvironment() {
    return fromEnvironment(System.getenv(), DefaultCredentialsProvider.builder().build());
  }

  static S3 fromEnvironment(Map<String, String> environment, AwsCredentialsProvider credentials) {
    S3 s3 =
        new S3(
            new Settings(Optional.empty(), Optional.empty(), credentials, false),
            Clock.systemUTC(),
            LIFETIME);
    for (String name : new String[] {"AWS_DEFAULT_REGION", "AWS_REGION"}) {
      String region = environment.getOrDefault(name, "");
      s3 = region.isEmpty() ? s3 : s3.withRegion(region);
    }
    for (String name :
        new String[] {"MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
      String endpoint = environment.getOrDefault(name, "");
      if (!endpoint.isEmpty()) {
        return s3.withEndpoint(URI.create(endpoint)).withPathStyle();
      }
    }
    return s3;
  }

  private S3 with(
      Optional<URI> endpoint,
      Optional<String> region,
      AwsCredentialsProvider credentials,
      boolean pathStyle) {
    return new S3(new Settings(endpoint, region, credentials, pathStyle), clock, lifetime);
  }

  /**
   * {@return this for a store at another address, such as {@code https://minio:9000}} Its buckets
   * are subdomains of the host, unless it is {@code localhost} or an IP address, or {@link
   * #withPathStyle} says otherwise.
   *
   * @throws IllegalArgumentException if it is not an http or https address with a host, or has more
   *     than a path
   */
  public S3 withEndpoint(URI endpoint) {
    boolean plain =
        String.valueOf(endpoint.getScheme()).matches("(?i)https?")
            && endpoint.getHost() != null
            && endpoint.getUserInfo() == null
            && endpoint.getRawQuery() == null
            && endpoint.getRawFragment() == null;
    if (!plain) {
      throw new IllegalArgumentException(
          "S3 endpoint: expected an address such as https://minio:9000, without user and query, got"
              + " one of scheme '"
              + endpoint.getScheme()
              + "'");
    }
    return with(
        Optional.of(endpoint), settings.region(), settings.credentials(), settings.pathStyle());
  }

  /**
   * {@return this for a region, such as {@code eu-central-1}}
   *
   * @throws IllegalArgumentException if it is not a name in lower case
   */
  public S3 withRegion(String region) {
    if (!REGION.matcher(region).matches()) {
      throw new IllegalArgumentException(
          "S3 region: expected a name such as eu-central-1, got '" + region + "'");
    }
    return with(
        settings.endpoint(), Optional.of(region), settings.credentials(), settings.pathStyle());
  }

  /** {@return this with an access key and its secret} */
  public S3 withCredentials(String key, String secret) {
    return withCredentials(AwsBasicCredentials.create(key, secret));
  }

  /** {@return this with a temporary access key, its secret, and the token of its session} */
  public S3 withCredentials(String key, String secret, String token) {
    return withCredentials(AwsSessionCredentials.create(key, secret, token));
  }

  private S3 withCredentials(software.amazon.awssdk.auth.credentials.AwsCredentials credentials) {
    return with(
        settings.endpoint(),
        settings.region(),
        StaticCredentialsProvider.create(credentials),
        settings.pathStyle());
  }

  /**
   * {@return this with addresses {@code <endpoint>/<bucket>/<key>}, as most stores at home need}
   */
  public S3 withPathStyle() {
    return with(settings.endpoint(), settings.region(), settings.credentials(), true);
  }

  /** {@return this at a time of a test, with addresses that are good for so long} */
  S3 at(Clock time, Duration goodFor) {
    return new S3(settings, time, goodFor);
  }

  /** {@inheritDoc} An hour here, or as long as temporary credentials are. */
  @Override
  public URI presign(URI file) throws IOException {
    String bucket = bucket(file);
    String key = key(file);
    String region = region();
    URI endpoint = settings.endpoint().orElseGet(() -> amazon(region));
    String base = Optional.ofNullable(endpoint.getRawPath()).orElse("").replaceFirst("/+$", "");
    boolean subdomain =
        !settings.pathStyle()
            && LABEL.matcher(bucket).matches()
            && !NO_SUBDOMAINS.matcher(endpoint.getHost()).matches();
    String path = base + (subdomain ? "/" : "/" + bucket + "/") + HttpSource.encodedPath(key);
    SdkHttpRequest.Builder request =
        SdkHttpRequest.builder()
            .method(SdkHttpMethod.GET)
            .protocol(endpoint.getScheme().toLowerCase(Locale.ROOT))
            .host((subdomain ? bucket + "." : "") + endpoint.getHost())
            .encodedPath(path);
    if (endpoint.getPort() >= 0) {
      request.port(endpoint.getPort());
    }
    return sign(request.build(), region);
  }

  private URI sign(SdkHttpRequest request, String region) throws IOException {
    AwsCredentialsIdentity credentials =
        found(
            settings.credentials()::resolveCredentials,
            "credentials: expected an access key (withCredentials, AWS_ACCESS_KEY_ID and"
                + " AWS_SECRET_ACCESS_KEY, ~/.aws/credentials, or the role of a container or a"
                + " machine)");
    return signer
        .sign(
            sign ->
                sign.identity(credentials)
                    .request(request)
                    .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "s3")
                    .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                    .putProperty(AwsV4HttpSigner.AUTH_LOCATION, AuthLocation.QUERY_STRING)
                    .putProperty(AwsV4HttpSigner.EXPIRATION_DURATION, lifetime)
                    // As S3 wants it: the path as it is sent, and nothing said of the (empty) body.
                    .putProperty(AwsV4HttpSigner.DOUBLE_URL_ENCODE, false)
                    .putProperty(AwsV4HttpSigner.NORMALIZE_PATH, false)
                    .putProperty(AwsV4HttpSigner.PAYLOAD_SIGNING_ENABLED, false)
                    .putProperty(HttpSigner.SIGNING_CLOCK, clock))
        .request()
        .getUri();
  }

  private String region() throws IOException {
    if (settings.region().isPresent()) {
      return settings.region().get();
    }
    if (settings.endpoint().isPresent()) {
      return NO_REGION;
    }
    return found(
            DefaultAwsRegionProviderChain.builder().build()::getRegion,
            "region: expected one (withRegion, AWS_REGION, ~/.aws/config, or that of the machine)")
        .id();
  }

  /** What one of the SDK's chains finds; its own message lists all the places it looked at. */
  private static <T> T found(Supplier<T> chain, String expected) throws IOException {
    try {
      return chain.get();
    } catch (SdkException e) {
      throw new IOException("S3 " + expected + ", got none", e);
    }
  }

  private static URI amazon(String region) {
    return URI.create(
        "https://s3." + region + "." + PartitionMetadata.of(Region.of(region)).dnsSuffix());
  }

  /** Of the authority: {@code s3://my_bucket/key} has no host, in Java's eyes. */
  private static String bucket(URI file) throws IOException {
    String bucket = Optional.ofNullable(file.getRawAuthority()).orElse("");
    if (!"s3".equalsIgnoreCase(file.getScheme())) {
      throw refused("scheme '" + file.getScheme() + "'");
    }
    if (!BUCKET.matcher(bucket).matches()) {
      throw refused(bucket.isEmpty() ? "no bucket" : "a bucket that cannot be one");
    }
    if (file.getRawQuery() != null || file.getRawFragment() != null) {
      throw refused("a query or a fragment; in a key they are %3F and %23");
    }
    return bucket;
  }

  private static String key(URI file) throws IOException {
    String path = Optional.ofNullable(file.getPath()).orElse("");
    if (path.length() < 2) {
      throw refused("no key");
    }
    if (path.indexOf('\uFFFD') >= 0) {
      throw refused("a key that is not UTF-8");
    }
    return path.substring(1);
  }

  private static IOException refused(String got) {
    return new IOException("S3 address: expected s3://<bucket>/<key>, got " + got);
  }

  /** {@return where the store is; no credentials} */
  @Override
  public String toString() {
    return "S3 at "
        + settings.endpoint().map(URI::toString).orElse("Amazon")
        + settings.region().map(region -> " in " + region).orElse("");
  }
}
