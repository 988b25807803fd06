package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.Attributes;
import dev.reseal.sgx.Content;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SealParty;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One side of a sealing, from a file: anything that states an identity (an enclave, a SIGSTRUCT, a
 * report, a quote), or a JSON object that spells it out.
 *
 * @param name which of several identities of the file
 */
record PartyFile(String name, SealParty party) {
  private static final int MOST_JSON = 1 << 16;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final Set<String> FIELDS =
      Set.of(
          "mrenclave",
          "mrsigner",
          "isvprodid",
          "isvsvn",
          "attributes",
          "miscselect",
          "configid",
          "configsvn",
          "isvfamilyid",
          "isvextprodid",
          "platform",
          "cpusvn");

  /** All identities of the file; at least one. */
  static List<PartyFile> read(Path path) throws IOException, MalformedException {
    Optional<Bytes> json = json(path);
    if (json.isPresent()) {
      return List.of(new PartyFile("", party(json.get())));
    }
    InspectedFile file = InspectedFile.read(path);
    if (!file.faults().isEmpty()) {
      throw new MalformedException(
          "file", 0, String.join("; ", file.faults()), "an enclave that a processor would start");
    }
    List<PartyFile> parties =
        file.identities().stream()
            .map(stated ->
                new PartyFile(
                    stated.name(),
                    new SealParty(stated.identity(), Optional.empty(), stated.cpuSvn())))
            .toList();
    if (parties.isEmpty()) {
      throw new MalformedException(
          "file",
          0,
          file.measurements().isEmpty() ? "no identity" : "a measurement without signer or product",
          "an enclave, SIGSTRUCT (.sig, image.sigstruct), report, quote or identity JSON");
    }
    return parties;
  }

  private static Optional<Bytes> json(Path path) throws IOException, MalformedException {
    try (Content file = Content.map(path)) {
      return file.startsWith(Bytes.ascii("{"))
          ? Optional.of(file.all(MOST_JSON))
          : Optional.empty();
    }
  }

  private static SealParty party(Bytes bytes) throws MalformedException {
    JsonNode node;
    try {
      node = JSON.readTree(bytes.toArray());
    } catch (JacksonException broken) {
      throw new MalformedException("identity JSON", 0, broken.getOriginalMessage(), "one object");
    }
    for (String field : node.propertyNames()) {
      if (!FIELDS.contains(field)) {
        throw bad(field, "an unknown field", "one of " + FIELDS.stream().sorted().toList());
      }
    }
    EnclaveIdentity identity =
        new EnclaveIdentity(
            hex(node, "mrenclave", 32, Optional.empty()),
            hex(node, "mrsigner", 32, Optional.empty()),
            Attributes.parse(
                hex(
                    node,
                    "attributes",
                    16,
                    Optional.of(Attributes.PRODUCTION.with(Attributes.INIT).encode()))),
            (int) number(node, "miscselect", 0xFFFFFFFFL, Optional.of(0L)),
            (int) number(node, "isvprodid", 0xFFFF, Optional.empty()),
            (int) number(node, "isvsvn", 0xFFFF, Optional.empty()),
            hex(node, "configid", 64, Optional.of(Bytes.zeros(64))),
            (int) number(node, "configsvn", 0xFFFF, Optional.of(0L)),
            hex(node, "isvfamilyid", 16, Optional.of(Bytes.zeros(16))),
            hex(node, "isvextprodid", 16, Optional.of(Bytes.zeros(16))));
    Optional<Bytes> cpuSvn =
        node.has("cpusvn")
            ? Optional.of(hex(node, "cpusvn", 16, Optional.empty()))
            : Optional.empty();
    JsonNode platform = node.path("platform");
    if (!platform.isMissingNode() && !platform.isString()) {
      throw bad("platform", platform.toString(), "a text");
    }
    return new SealParty(
        identity,
        platform.isString() ? Optional.of(platform.asString()) : Optional.empty(),
        cpuSvn);
  }

  private static Bytes hex(JsonNode node, String field, int size, Optional<Bytes> otherwise)
      throws MalformedException {
    JsonNode value = node.path(field);
    if (value.isMissingNode() && otherwise.isPresent()) {
      return otherwise.get();
    }
    String expected = size + " bytes in hex";
    if (!value.isString()) {
      throw bad(field, value.isMissingNode() ? "nothing" : value.toString(), expected);
    }
    return hex(field, value.asString(), size);
  }

  /** Reads {@code text} as exactly {@code size} bytes. */
  static Bytes hex(String field, String text, int size) throws MalformedException {
    try {
      Bytes bytes = Bytes.hex(text);
      if (bytes.size() == size) {
        return bytes;
      }
      throw bad(field, bytes.size() + " bytes", size + " bytes in hex");
    } catch (IllegalArgumentException notHex) {
      throw bad(field, "'" + text + "'", size + " bytes in hex");
    }
  }

  private static long number(JsonNode node, String field, long most, Optional<Long> otherwise)
      throws MalformedException {
    JsonNode value = node.path(field);
    if (value.isMissingNode() && otherwise.isPresent()) {
      return otherwise.get();
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.asLong() < 0
        || value.asLong() > most) {
      throw bad(
          field, value.isMissingNode() ? "nothing" : value.toString(), "a number up to " + most);
    }
    return value.asLong();
  }

  private static MalformedException bad(String field, String found, String expected) {
    return new MalformedException("identity, field " + field, 0, found, expected);
  }
}
