package dev.inflight.signing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keys and certificates in PEM, as OpenSSL writes them. What a file holds is never in a message.
 */
final class Pem {
  private static final int MAX_BYTES = 1 << 20;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----\\s*([^-]*)-----END \\1-----");

  private record Block(String label, String base64) {
    byte[] bytes() {
      try {
        return Base64.getDecoder().decode(base64);
      } catch (IllegalArgumentException e) {
        return new byte[0]; // which is no key and no certificate
      }
    }
  }

  private Pem() {}

  static String text(String label, byte[] der) {
    return "-----BEGIN "
        + label
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + label
        + "-----\n";
  }

  static PublicKey publicKey(Path file) throws IOException {
    return publicKey(bytes(file), file.toString());
  }

  static PublicKey publicKey(byte[] pem, String what) throws IOException {
    Block block = only(pem, what, "PUBLIC KEY");
    try {
      return Keys.of(block.bytes());
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(
          what + ": expected a public key of EC or Ed25519: " + e.getMessage(), e);
    }
  }

  static PrivateKey privateKey(Path file) throws IOException {
    Block block = only(bytes(file), file.toString(), "PRIVATE KEY");
    for (String algorithm : new String[] {"EC", "Ed25519"}) {
      try {
        PrivateKey key =
            KeyFactory.getInstance(algorithm)
                .generatePrivate(new PKCS8EncodedKeySpec(block.bytes()));
        KeyKind.of(key);
        return key;
      } catch (GeneralSecurityException | IllegalArgumentException e) {
        // Of another kind; the cause may hold bytes of the key and is left out.
      }
    }
    throw new IOException(
        file + ": expected a private key of EC on P-256, P-384 or P-521, or Ed25519, got another");
  }

  static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Block block : blocks(bytes(file), file.toString())) {
      if (!block.label().equals("CERTIFICATE")) {
        throw new IOException(file + ": expected certificates only, got " + block.label());
      }
      try {
        certificates.add(certificate(block.bytes()));
      } catch (GeneralSecurityException e) {
        throw new IOException(file + ": expected X.509 certificates: " + e.getMessage(), e);
      }
    }
    return certificates;
  }

  static X509Certificate certificate(byte[] der) throws GeneralSecurityException {
    ByteArrayInputStream in = new ByteArrayInputStream(der);
    X509Certificate certificate =
        (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    if (in.available() > 0) {
      throw new GeneralSecurityException("expected one certificate, got bytes behind it");
    }
    byte[] signature = certificate.getSignature();
    int end = der.length - signature.length;
    // Bits that its last byte does not use are counted before the signature, and read by nobody.
    if (end < 1
        || der[end - 1] != 0
        || !Arrays.equals(signature, Arrays.copyOfRange(der, end, der.length))) {
      throw new GeneralSecurityException("expected a signature of whole bytes at the end");
    }
    return certificate;
  }

  private static Block only(byte[] pem, String what, String label) throws IOException {
    List<Block> blocks = blocks(pem, what);
    Block first = blocks.get(0);
    String remedy =
        switch (first.label()) {
          case "EC PRIVATE KEY", "EC PARAMETERS" ->
              " (SEC1); convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.pkcs8.pem";
          case "ENCRYPTED PRIVATE KEY" -> "; decrypt it: openssl pkcs8 -in KEY -out KEY.pkcs8.pem";
          default -> "";
        };
    if (blocks.size() != 1 || !first.label().equals(label)) {
      throw new IOException(
          what
              + ": expected one "
              + label
              + " (PEM), got "
              + blocks.stream().map(Block::label).toList()
              + remedy);
    }
    return first;
  }

  private static List<Block> blocks(byte[] pem, String what) throws IOException {
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(new String(pem, StandardCharsets.ISO_8859_1));
    while (matcher.find()) {
      blocks.add(new Block(matcher.group(1), matcher.group(2).replaceAll("\\s", "")));
    }
    if (blocks.isEmpty()) {
      throw new IOException(what + ": expected PEM (-----BEGIN ...), got none");
    }
    return blocks;
  }

  private static byte[] bytes(Path file) throws IOException {
    long size = Files.size(file);
    if (size > MAX_BYTES) {
      throw new IOException(file + ": expected at most " + MAX_BYTES + " bytes, got " + size);
    }
    return Files.readAllBytes(file);
  }
}
