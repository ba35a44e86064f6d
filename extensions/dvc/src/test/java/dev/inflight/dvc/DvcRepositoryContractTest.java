package dev.inflight.dvc;

import dev.inflight.fetch.HttpSource;
import dev.inflight.repository.ModelRepository;
import dev.inflight.testkit.Damage;
import dev.inflight.testkit.Hostile;
import dev.inflight.testkit.Outage;
import dev.inflight.testkit.RepositoryContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** DVC keeps the contract, whether Git and the remote are servers or directories. */
class DvcRepositoryContractTest {
  private static final HttpSource.Patience SHORT =
      new HttpSource.Patience(
          Duration.ofSeconds(5), Duration.ofMillis(500), Duration.ofMillis(500));

  /** What both have in common: each version is a directory. */
  abstract static class Published extends RepositoryContract {
    @TempDir Path home;
    Publisher publisher;
    private final Map<String, Map<String, byte[]>> published = new HashMap<>();
    private int number;

    @BeforeEach
    void create() throws IOException {
      publisher = new Publisher(home);
      publisher.remote(remote()).artifact(MODEL, "models/current");
    }

    @AfterEach
    void close() {
      publisher.close();
    }

    abstract String remote() throws IOException;

    @Override
    protected String publish(Map<String, byte[]> files) throws IOException {
      String version = "1.2." + (9 + number++);
      published.put(version, files);
      publisher.addDirectory("models/current", files).commit();
      publisher.tag(MODEL + "@v" + version);
      return version;
    }

    String oid(String version, String file) {
      return Publisher.md5(published.get(version).get(file));
    }

    byte[] bytes(String version, String file) {
      return published.get(version).get(file);
    }

    @Override
    protected void withdraw(String version) throws IOException {
      publisher.tag(MODEL + "@v" + version + "!");
    }

    @Override
    protected boolean alias(String alias, Optional<String> version) throws IOException {
      String tag = "refs/tags/" + MODEL + "@v" + version.orElse("");
      if (version.isPresent()) {
        String commit =
            publisher
                .repository()
                .getRefDatabase()
                .peel(publisher.repository().exactRef(tag))
                .getPeeledObjectId()
                .name();
        publisher.tag(MODEL + "#" + alias + "#" + ++number, commit);
      } else {
        for (String commit : commits()) {
          publisher.tag(MODEL + "#" + alias + "!#" + ++number, commit);
        }
      }
      return true;
    }

    private List<String> commits() {
      return published.keySet().stream()
          .map(
              version -> {
                try {
                  return publisher
                      .repository()
                      .resolve("refs/tags/" + MODEL + "@v" + version + "^{commit}")
                      .name();
                } catch (IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              })
          .toList();
    }

    @Override
    protected Optional<String> publishHostile(Hostile hostile, Path outside) throws IOException {
      byte[] bytes = "a model".getBytes(StandardCharsets.UTF_8);
      Map<String, byte[]> files = new TreeMap<>();
      files.put("model.onnx", bytes);
      if (hostile == Hostile.SYMBOLIC_LINK) {
        return hostileLink(files, outside);
      }
      files.put(hostile.path(), bytes);
      return Optional.of(publish(files));
    }

    abstract Optional<String> hostileLink(Map<String, byte[]> files, Path outside)
        throws IOException;
  }

  @Nested
  class Served extends Published {
    private GitServer server;

    @Override
    String remote() throws IOException {
      server = new GitServer(publisher);
      return server.store();
    }

    @AfterEach
    void stop() {
      server.close();
    }

    @Override
    protected DvcRepository open() {
      return server.repository();
    }

    @Override
    protected ModelRepository openImpatient() {
      return open().withPatience(SHORT);
    }

    @Override
    protected boolean damage(String version, String file, Damage damage) {
      server.damage(oid(version, file), Optional.of(damage));
      return true;
    }

    @Override
    protected void repair(String version, String file) {
      server.damage(oid(version, file), Optional.empty());
    }

    @Override
    Optional<String> hostileLink(Map<String, byte[]> files, Path outside) {
      return Optional.empty(); // a list has no links; one in Git and one in a store are tried below
    }

    @Override
    protected boolean fail(Outage outage) throws IOException {
      server.fail(outage);
      return true;
    }

    @Override
    protected void recover() throws IOException {
      server.recover();
    }

    @Override
    protected List<String> secrets() {
      String both = GitServer.USER + ":" + GitServer.PASSWORD;
      return List.of(
          GitServer.PASSWORD,
          Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Nested
  class OnThisMachine extends Published {
    @Override
    String remote() {
      return publisher.store().toString();
    }

    @Override
    protected DvcRepository open() {
      return DvcRepository.at(publisher.directory()).withLocalRemotes(publisher.store());
    }

    @Override
    protected boolean damage(String version, String file, Damage damage) throws IOException {
      Path object = publisher.object(oid(version, file));
      switch (damage) {
        case TORN -> {
          return false; // nothing is connected
        }
        case GONE -> Files.delete(object);
        default -> Files.write(object, damage.of(bytes(version, file)));
      }
      return true;
    }

    @Override
    protected void repair(String version, String file) throws IOException {
      Files.write(publisher.object(oid(version, file)), bytes(version, file));
    }

    @Override
    Optional<String> hostileLink(Map<String, byte[]> files, Path outside) throws IOException {
      byte[] secret = Files.readAllBytes(outside);
      files.put(Hostile.SYMBOLIC_LINK.path(), secret);
      String version = publish(files);
      Path object = publisher.object(Publisher.md5(secret));
      Files.delete(object);
      Files.createSymbolicLink(object, outside);
      return Optional.of(version);
    }
  }
}
