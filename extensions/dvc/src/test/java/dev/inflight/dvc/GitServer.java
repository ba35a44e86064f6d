package dev.inflight.dvc;

import com.sun.net.httpserver.HttpExchange;
import dev.inflight.testkit.Damage;
import dev.inflight.testkit.FaultyServer;
import dev.inflight.testkit.Outage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPInputStream;
import org.eclipse.jgit.transport.PacketLineOut;
import org.eclipse.jgit.transport.RefAdvertiser;
import org.eclipse.jgit.transport.UploadPack;

/** A Git server, and a server of a publisher's store, behind one password. */
final class GitServer implements AutoCloseable {
  static final String USER = "reader";
  static final String PASSWORD = "hunter2-is-secret";
  private static final String GIT = "/models.git/";
  private static final String STORE = "/store/";

  private final Publisher publisher;
  private final FaultyServer server;
  private final Map<String, Damage> damages = new ConcurrentHashMap<>();

  GitServer(Publisher publisher) throws IOException {
    this.publisher = publisher;
    server = FaultyServer.start(this::handle);
  }

  URI uri() {
    return server.uri();
  }

  String git() {
    return server.uri() + "/models.git";
  }

  String store() {
    return server.uri() + "/store";
  }

  List<String> requests() {
    return server.requests();
  }

  void fail(Outage outage) throws IOException {
    server.fail(outage);
  }

  void recover() throws IOException {
    server.recover();
  }

  /** Damages an object; repairs it if nothing is given. */
  void damage(String oid, Optional<Damage> damage) {
    damages.remove(oid);
    damage.ifPresent(now -> damages.put(oid, now));
  }

  /** With the password of both. */
  DvcRepository repository() {
    return DvcRepository.at(git())
        .withCredentials(USER, PASSWORD)
        .withRemoteCredentials(uri(), USER, PASSWORD);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String given = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    URI here = server.uri();
    boolean signed = String.valueOf(exchange.getRequestURI().getQuery()).startsWith("signature=");
    if (!signed && !given.equals(Remotes.Credentials.basic(here, USER, PASSWORD).value())) {
      FaultyServer.answer(exchange, 401, "text/plain", "You sent " + given);
    } else if (path.startsWith(GIT)) {
      git(exchange, path.substring(GIT.length()));
    } else if (path.startsWith(STORE)) {
      object(exchange, publisher.store().resolve(path.substring(STORE.length())));
    } else {
      FaultyServer.answer(exchange, 404, "text/html", "<h1>404</h1>");
    }
  }

  private void object(HttpExchange exchange, Path file) throws IOException {
    String oid = file.getParent().getFileName().toString() + file.getFileName();
    Damage damage = damages.get(oid);
    if (damage == Damage.GONE || !Files.exists(file)) {
      FaultyServer.answer(exchange, 404, "text/html", "<h1>404</h1>");
    } else {
      FaultyServer.send(exchange, Files.readAllBytes(file), Optional.ofNullable(damage));
    }
  }

  private void git(HttpExchange exchange, String path) throws IOException {
    UploadPack upload = new UploadPack(publisher.repository());
    upload.setBiDirectionalPipe(false);
    String protocol = exchange.getRequestHeaders().getFirst("Git-Protocol");
    if (protocol != null) {
      upload.setExtraParameters(List.of(protocol.split(":")));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (path.equals("info/refs")) {
      PacketLineOut lines = new PacketLineOut(out);
      if (protocol == null) {
        lines.writeString("# service=git-upload-pack\n");
        lines.end();
      }
      upload.sendAdvertisedRefs(new RefAdvertiser.PacketLineOutRefAdvertiser(lines));
      exchange
          .getResponseHeaders()
          .set("Content-Type", "application/x-git-upload-pack-advertisement");
    } else {
      InputStream in = exchange.getRequestBody();
      boolean packed =
          Objects.equals(exchange.getRequestHeaders().getFirst("Content-Encoding"), "gzip");
      upload.upload(packed ? new GZIPInputStream(in) : in, out, null);
      exchange.getResponseHeaders().set("Content-Type", "application/x-git-upload-pack-result");
    }
    exchange.sendResponseHeaders(200, 0);
    exchange.getResponseBody().write(out.toByteArray());
    exchange.getResponseBody().close();
  }

  @Override
  public void close() {
    server.close();
  }
}
