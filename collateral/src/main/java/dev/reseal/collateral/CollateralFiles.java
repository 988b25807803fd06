package dev.reseal.collateral;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.quote.Json;
import dev.reseal.sgx.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * Collateral on disk: a folder with one file for each part ({@link Part#fileName}), or one JSON
 * file with the members that attestation tools share: chains in PEM, CRLs and signatures in hex. A
 * root certificate that lies there too is not looked at: roots are pinned.
 */
public final class CollateralFiles {
  /** What is larger could be judged by nobody. */
  public static final int MAX_PART = Collateral.MOST_PART;

  private static final int MAX_BUNDLE = 16 << 20;

  private CollateralFiles() {}

  /**
   * Reads a folder or a bundle. Parts that are missing are missing in the value; throws {@link
   * MalformedException} if the bundle is not such JSON.
   */
  public static Collateral load(Path path) throws IOException, MalformedException {
    return Files.isDirectory(path) ? folder(path) : bundle(read(path, MAX_BUNDLE));
  }

  private static Collateral folder(Path folder) throws IOException {
    Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      Path file = folder.resolve(part.fileName());
      if (Files.exists(file)) {
        parts.put(part, read(file, MAX_PART));
      }
    }
    return new Collateral(parts);
  }

  /** Writes every part into {@code folder}, each file whole or not at all. */
  public static void save(Collateral collateral, Path folder) throws IOException {
    Files.createDirectories(folder);
    for (Map.Entry<Part, Bytes> part : collateral.parts().entrySet()) {
      Path file = folder.resolve(part.getKey().fileName());
      Path fresh = Files.createTempFile(folder, ".part", ".tmp");
      try {
        Files.write(fresh, part.getValue().toArray());
        Files.move(
            fresh,
            file,
            java.nio.file.StandardCopyOption.ATOMIC_MOVE,
            java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(fresh);
      }
    }
  }

  /** The bytes of a file of at most {@code limit} bytes. */
  public static Bytes read(Path file, int limit) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a directory, expected a file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw new IOException(file + " has more than " + limit + " bytes");
      }
      return Bytes.wrap(bytes);
    } catch (NoSuchFileException missing) {
      throw new IOException(file + " does not exist", missing);
    } catch (AccessDeniedException denied) {
      throw new IOException(file + " may not be read by this user", denied);
    }
  }

  static Collateral bundle(Bytes json) throws MalformedException {
    Json.Obj in = Json.parse("collateral file", json);
    Map<Part, Bytes> parts = new EnumMap<>(Part.class);
    text(in, "pck_crl_issuer_chain", Part.PCK_CRL_ISSUER_CHAIN, parts);
    text(in, "root_ca_crl", Part.ROOT_CA_CRL, parts);
    text(in, "pck_crl", Part.PCK_CRL, parts);
    text(in, "tcb_info_issuer_chain", Part.TCB_INFO_ISSUER_CHAIN, parts);
    text(in, "qe_identity_issuer_chain", Part.QE_IDENTITY_ISSUER_CHAIN, parts);
    signed(in, "tcb_info", "tcbInfo", Part.TCB_INFO, parts);
    signed(in, "qe_identity", "enclaveIdentity", Part.QE_IDENTITY, parts);
    return new Collateral(parts);
  }

  private static void text(Json.Obj in, String name, Part part, Map<Part, Bytes> parts)
      throws MalformedException {
    if (in.has(name)) {
      parts.put(part, utf8(in.text(name)));
    }
  }

  /** The signed text and its signature stand apart, or the whole envelope in one member. */
  private static void signed(
      Json.Obj in, String name, String inner, Part part, Map<Part, Bytes> parts)
      throws MalformedException {
    if (!in.has(name)) {
      return;
    }
    String text = in.text(name);
    String signature = name + "_signature";
    parts.put(
        part,
        in.has(signature)
            ? utf8(
                "{\"%s\":".formatted(inner)
                    + text
                    + ",\"signature\":\"%s\"}".formatted(in.text(signature)))
            : utf8(text));
  }

  private static Bytes utf8(String text) {
    return Bytes.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
