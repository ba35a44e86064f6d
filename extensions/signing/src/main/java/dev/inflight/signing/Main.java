package dev.inflight.signing;

import dev.inflight.files.OwnerOnly;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The command line. Exit codes: 0 done, 1 the version is refused, 2 it could not be done. One line
 * each, the answer to the standard output, what went wrong to the other.
 */
final class Main {
  static final int DONE = 0;
  static final int REFUSED = 1;
  static final int FAILED = 2;

  private static final String USAGE =
      "usage: keygen DIR [--algorithm p256|p384|p521|ed25519] [--force]"
          + " | sign DIR --key PRIVATE.pem [--cert CHAIN.pem] [--format oms|ed25519] [--force]"
          + " | verify DIR --key PUBLIC.pem | verify DIR --roots ROOTS.pem [--subject NAME]"
          + " | verify DIR --digest HEX | digest DIR";

  private static final String ALGORITHM = "--algorithm";
  private static final String KEY = "--key";
  private static final String CERT = "--cert";
  private static final String FORMAT = "--format";
  private static final String ROOTS = "--roots";
  private static final String SUBJECT = "--subject";
  private static final String DIGEST = "--digest";
  private static final String FORCE = "--force";

  private final PrintStream out;

  private Main(PrintStream out) {
    this.out = out;
  }

  /** The arguments are wrong; the message says how. */
  private static final class UsageException extends Exception {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
      super(message);
    }
  }

  public static void main(String... args) {
    System.exit(run(System.out, System.err, args));
  }

  /** {@return the exit code} */
  static int run(PrintStream out, PrintStream err, String... args) {
    try {
      new Main(out).run(List.of(args));
      return DONE;
    } catch (Refusal e) {
      err.println("refused: " + e.getMessage());
      return REFUSED;
    } catch (UsageException e) {
      err.println(e.getMessage() + "; " + USAGE);
      return FAILED;
    } catch (FileAlreadyExistsException e) {
      err.println(
          e.getFile()
              + ": is there already, "
              + Objects.requireNonNullElse(e.getReason(), "expected none")
              + "; --force replaces what this command wrote");
      return FAILED;
    } catch (FileSystemException e) {
      String why = e instanceof NoSuchFileException ? "expected a file, got none" : e.getReason();
      err.println(
          e.getFile() + ": " + Objects.requireNonNullElse(why, e.getClass().getSimpleName()));
      return FAILED;
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      err.println(e.getMessage());
      return FAILED;
    }
  }

  private void run(List<String> args) throws IOException, Refusal, UsageException {
    if (args.isEmpty()) {
      throw new UsageException("expected a command, got none");
    }
    switch (args.get(0)) {
      case "keygen" -> keygen(new Options(args, Set.of(ALGORITHM), Set.of(FORCE)));
      case "sign" -> sign(new Options(args, Set.of(KEY, CERT, FORMAT), Set.of(FORCE)));
      case "verify" -> verify(new Options(args, Set.of(KEY, ROOTS, SUBJECT, DIGEST), Set.of()));
      case "digest" -> digest(new Options(args, Set.of(), Set.of()));
      default ->
          throw new UsageException(
              "expected keygen, sign, verify or digest, got " + Refusal.quoted(args.get(0)));
    }
  }

  /** A command's directory and its options, each once. */
  private static final class Options {
    private final Path directory;
    private final Map<String, String> values = new HashMap<>();

    Options(List<String> args, Set<String> valued, Set<String> flags) throws UsageException {
      Path found = null;
      for (int i = 1; i < args.size(); i++) {
        String arg = args.get(i);
        boolean again;
        if (valued.contains(arg) && i + 1 < args.size()) {
          again = values.put(arg, args.get(++i)) != null;
        } else if (flags.contains(arg)) {
          again = values.put(arg, "") != null;
        } else if (!arg.startsWith("-")) {
          again = found != null;
          found = Path.of(arg);
        } else {
          throw new UsageException("unexpected " + Refusal.quoted(arg));
        }
        if (again) {
          throw new UsageException("expected once: " + Refusal.quoted(arg));
        }
      }
      if (found == null) {
        throw new UsageException("expected a directory, got none");
      }
      this.directory = found;
    }

    Path directory() {
      return directory;
    }

    boolean has(String name) {
      return values.containsKey(name);
    }

    String value(String name, String otherwise) {
      return values.getOrDefault(name, otherwise);
    }

    Path file(String name) throws UsageException {
      String value = values.get(name);
      if (value == null) {
        throw new UsageException("expected " + name);
      }
      return Path.of(value);
    }
  }

  private void keygen(Options options) throws IOException, UsageException {
    String name = options.value(ALGORITHM, KeyKind.P256.toString());
    KeyKind kind =
        KeyKind.named(name)
            .orElseThrow(
                () ->
                    new UsageException(
                        ALGORITHM
                            + ": expected p256, p384, p521 or ed25519, got "
                            + Refusal.quoted(name)));
    KeyPair pair = generate(kind);
    Path privateKey = options.directory().resolve("private.pem");
    Path publicKey = options.directory().resolve("public.pem");
    for (Path file : List.of(privateKey, publicKey)) {
      ModelSigner.requireNewUnless(options.has(FORCE), file);
    }
    Files.createDirectories(options.directory());
    OwnerOnly.replace(
        privateKey,
        Pem.text("PRIVATE KEY", pair.getPrivate().getEncoded())
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        OwnerOnly.forFile(privateKey));
    OwnerOnly.replace(
        publicKey,
        Pem.text("PUBLIC KEY", pair.getPublic().getEncoded())
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        new FileAttribute<?>[0]);
    out.println(
        privateKey
            + " and "
            + publicKey
            + ": "
            + kind
            + " "
            + Keys.derFingerprint(pair.getPublic()));
  }

  private static KeyPair generate(KeyKind kind) {
    try {
      if (kind == KeyKind.ED25519) {
        return KeyPairGenerator.getInstance(kind.curve).generateKeyPair();
      }
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(kind.curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + kind, e);
    }
  }

  private void sign(Options options) throws IOException, UsageException {
    ModelSigner signer = ModelSigner.fromKey(options.file(KEY));
    String format = signer.kind() == KeyKind.ED25519 ? "ed25519" : "oms";
    if (!options.value(FORMAT, format).equals(format)) {
      throw new UsageException(
          FORMAT
              + ": expected "
              + format
              + " for a key of "
              + signer.kind()
              + ", got "
              + Refusal.quoted(options.value(FORMAT, "")));
    }
    if (options.has(CERT)) {
      signer = signer.withCertificates(options.file(CERT));
    }
    if (options.has(FORCE)) {
      signer = signer.replacing();
    }
    out.println(signer.sign(options.directory()) + ": signed by " + signer);
  }

  private void verify(Options options) throws IOException, Refusal, UsageException {
    long ways = List.of(KEY, ROOTS, DIGEST).stream().filter(options::has).count();
    if (ways != 1 || (options.has(SUBJECT) && !options.has(ROOTS))) {
      throw new UsageException("expected one of --key, --roots and --digest");
    }
    Trust trust;
    if (options.has(KEY)) {
      trust = Trust.required(TrustedSigners.fromKeys(options.file(KEY)));
    } else if (options.has(ROOTS)) {
      TrustedSigners signers = TrustedSigners.fromRoots(options.file(ROOTS));
      trust =
          Trust.required(
              options.has(SUBJECT) ? signers.withSubjects(options.value(SUBJECT, "")) : signers);
    } else {
      trust = Trust.digest(List.of(options.value(DIGEST, "")));
    }
    int files = new Inspector(trust.allowingRollback()).inspect("", "", options.directory()).size();
    out.println(options.directory() + ": verified, " + files + " files");
  }

  private void digest(Options options) throws IOException, Refusal {
    out.println(Contents.root(Contents.of(options.directory()).signable().values()));
  }
}
