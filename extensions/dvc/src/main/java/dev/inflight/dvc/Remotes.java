package dev.inflight.dvc;

import dev.inflight.fetch.HttpSource;
import dev.inflight.fetch.Presigner;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Finds what can read a remote. Who writes a commit says where its files are; who runs this process
 * says which credentials go to which server, and what may be read of this machine.
 */
record Remotes(
    HttpSource http,
    Optional<Presigner> presigner,
    Optional<Path> local,
    List<Credentials> credentials) {
  /** A secret header of one server. */
  record Credentials(URI server, String header, String value) {
    static Credentials basic(URI server, String user, String password) {
      byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
      return new Credentials(
          server, "Authorization", "Basic " + Base64.getEncoder().encodeToString(both));
    }

    boolean areFor(URI uri) {
      return String.valueOf(server.getScheme()).equalsIgnoreCase(String.valueOf(uri.getScheme()))
          && String.valueOf(server.getHost()).equalsIgnoreCase(String.valueOf(uri.getHost()))
          && server.getPort() == uri.getPort();
    }

    /** {@return what a configuration says of the server that it names; empty if it says nothing} */
    static Optional<Credentials> of(String name, Map<String, String> remote)
        throws RefusedException {
      String auth = remote.getOrDefault("auth", "").toLowerCase(Locale.ROOT);
      String password = remote.getOrDefault("password", "");
      URI server = address(name, remote.getOrDefault("url", ""));
      String user = server.getUserInfo();
      int colon = user == null ? -1 : user.indexOf(':');
      if (user != null && colon > 0) {
        return Optional.of(basic(server, user.substring(0, colon), user.substring(colon + 1)));
      }
      if (auth.equals("digest")) {
        throw new RefusedException(
            "remote '" + name + "': expected auth basic or custom, got digest");
      }
      if (auth.equals("custom") && !password.isEmpty()) {
        String header = remote.getOrDefault("custom_auth_header", "");
        return header.isEmpty()
            ? Optional.empty()
            : Optional.of(new Credentials(server, header, password));
      }
      return password.isEmpty() || !remote.containsKey("user")
          ? Optional.empty()
          : Optional.of(basic(server, remote.getOrDefault("user", ""), password));
    }
  }

  /** {@return this with credentials that come after ours} */
  Remotes and(List<Credentials> more) {
    List<Credentials> all = new ArrayList<>(credentials);
    all.addAll(more);
    return new Remotes(http, presigner, local, all);
  }

  private static URI address(String name, String url) throws RefusedException {
    try {
      return URI.create(url);
    } catch (IllegalArgumentException e) {
      throw new RefusedException("remote '" + name + "': expected a URI as url, got none");
    }
  }

  /**
   * {@return what reads a remote}
   *
   * @param wanted its name; empty for the default one
   * @param checkout the {@code .dvc} of a working tree, which relative paths are relative to
   */
  Remote open(DvcConfig config, String wanted, Optional<Path> checkout)
      throws IOException, RefusedException {
    String name = config.choose(wanted);
    Map<String, String> settings = config.remote(name);
    String url = config.url(name).orElse("");
    for (String flag : List.of("version_aware", "worktree")) {
      if (settings.getOrDefault(flag, "").equalsIgnoreCase("true")) {
        throw new RefusedException(
            "remote '" + name + "': expected one that keeps files by digest, got " + flag);
      }
    }
    int colon = url.indexOf("://");
    String scheme = colon < 0 ? "" : url.substring(0, colon).toLowerCase(Locale.ROOT);
    return switch (scheme) {
      case "http", "https" -> http(name, settings, url);
      case "s3" -> signed(name, settings, url);
      case "file" -> local(name, Path.of(address(name, url)), checkout);
      case "" -> local(name, Path.of(url), checkout);
      default ->
          throw new RefusedException(
              "remote '"
                  + name
                  + "': expected a path, http, https or s3, got scheme '"
                  + scheme
                  + "'");
    };
  }

  private Remote http(String name, Map<String, String> settings, String url)
      throws RefusedException {
    URI address = address(name, url.replaceFirst("/+$", ""));
    if (address.getHost() == null
        || address.getRawQuery() != null
        || address.getRawFragment() != null) {
      throw new RefusedException("remote '" + name + "': expected a url with a host and no query");
    }
    URI plain =
        address(
            name,
            address.getScheme()
                + "://"
                + address.getHost()
                + (address.getPort() < 0 ? "" : ":" + address.getPort())
                + Optional.ofNullable(address.getRawPath()).orElse(""));
    List<Credentials> all = new ArrayList<>(credentials);
    Credentials.of(name, settings).ifPresent(all::add);
    HttpSource source = http;
    for (Credentials some : all) {
      if (some.areFor(plain)) {
        source = http.withHeader(plain, some.header(), some.value());
        break;
      }
    }
    return new Remote.Http(name, source, plain);
  }

  private Remote signed(String name, Map<String, String> settings, String url)
      throws RefusedException {
    Presigner signer =
        presigner.orElseThrow(
            () ->
                new RefusedException(
                    "remote '" + name + "': expected withPresigner for s3, got no presigner"));
    String[] parts = url.substring("s3://".length()).split("/", 2);
    String endpoint = settings.getOrDefault("endpointurl", "");
    return new Remote.Signed(
        name,
        http,
        signer,
        parts[0],
        parts.length < 2 ? "" : parts[1].replaceAll("^/+|/+$", ""),
        endpoint.isEmpty() ? Optional.empty() : Optional.of(address(name, endpoint)));
  }

  private Remote local(String name, Path path, Optional<Path> checkout)
      throws IOException, RefusedException {
    if (!path.isAbsolute() && checkout.isEmpty()) {
      throw new RefusedException(
          "remote '"
              + name
              + "': expected an address or an absolute path, got a path relative to a working"
              + " tree");
    }
    Path absolute = path.isAbsolute() ? path : checkout.orElseThrow().resolve(path);
    if (local.isEmpty()) {
      throw new RefusedException(
          "remote '" + name + "': expected withLocalRemotes for a directory, got none allowed");
    }
    Path real = absolute.toRealPath(); // a link must not lead out of what was allowed
    if (!real.startsWith(local.get().toRealPath())) {
      throw new RefusedException(
          "remote '"
              + name
              + "': expected a directory below the one of withLocalRemotes, got another");
    }
    return new Remote.Local(name, real);
  }
}
