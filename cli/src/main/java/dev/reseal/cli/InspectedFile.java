package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.emulator.ImageMeasurement;
import dev.reseal.platform.Image;
import dev.reseal.sealed.ContainerException;
import dev.reseal.sealed.ContainerSource;
import dev.reseal.sealed.Envelope;
import dev.reseal.sgx.Artifact;
import dev.reseal.sgx.Content;
import dev.reseal.sgx.EnclaveIdentity;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.MeasureLimits;
import dev.reseal.sgx.Measured;
import dev.reseal.sgx.QuoteHeader;
import dev.reseal.sgx.ReportBody;
import dev.reseal.sgx.SigStruct;
import dev.reseal.sgx.SignatureCheck;
import dev.reseal.sgx.TargetInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A file that was recognised and read as far as no key is needed. */
sealed interface InspectedFile {
  Bytes RSC1 = Bytes.hex("525343310d0a1a0a");

  /** What answers whether something sealed opens. */
  String WHY = "reseal why FILE --enclave OTHER says whether it opens";

  /** A structure or image of SGX. */
  record Sgx(Artifact artifact, boolean guessed) implements InspectedFile {}

  /** A declaration of an image of ours. */
  record Declaration(Image image) implements InspectedFile {}

  /** A sealed state of ours. */
  record Container(Envelope envelope) implements InspectedFile {}

  /**
   * One identity that a file states.
   *
   * @param name which of several, empty if there is one
   * @param cpuSvn of the platform, if the file states it
   */
  record Stated(String name, EnclaveIdentity identity, Optional<Bytes> cpuSvn) {}

  /** Throws {@link MalformedException} or {@link ContainerException} saying what is wrong where. */
  static InspectedFile read(Path path) throws IOException, MalformedException {
    try (Content file = Content.map(path)) {
      if (file.startsWith(RSC1)) {
        return new Container(Envelope.read(ContainerSource.file(path)));
      }
      if (ImageFacts.recognises(file)) {
        return new Declaration(ImageFacts.read(file));
      }
      Artifact.Recognised read = Artifact.read(file, MeasureLimits.DEFAULT);
      return new Sgx(read.artifact(), read.guessed());
    }
  }

  default Facts facts() throws MalformedException {
    return switch (this) {
      case Container(Envelope envelope) -> ContainerFacts.of(envelope);
      case Declaration(Image image) -> ImageFacts.of(image);
      case Sgx(Artifact artifact, boolean guessed) -> {
        Facts facts = SgxFacts.of(artifact);
        if (guessed) {
          facts.put("recognised", "by its size only: a guess");
        }
        yield facts;
      }
    };
  }

  /** What is wrong with the file though it is well-formed; empty if nothing is. */
  default List<String> faults() {
    return switch (this) {
      case Container _, Declaration _ -> List.of();
      case Sgx(Artifact artifact, boolean _) ->
          switch (artifact) {
            case Artifact.IntelElf(List<Artifact.MeasuredBlock> blocks) -> faults(blocks);
            case Artifact.OpenEnclaveElf enclave -> faults(enclave);
            case Artifact.Signature(SigStruct sigStruct) -> faults(sigStruct);
            case Artifact.Sgxs _,
                Artifact.ReportFile _,
                Artifact.ReportBodyFile _,
                Artifact.TargetInfoFile _,
                Artifact.KeyRequestFile _,
                Artifact.Quote _,
                Artifact.Sealed _ ->
                List.of();
          };
    };
  }

  private static List<String> faults(List<Artifact.MeasuredBlock> blocks) {
    List<String> faults = new ArrayList<>();
    for (Artifact.MeasuredBlock block : blocks) {
      String name = "block " + block.metadata().version() + ": ";
      if (!block.matches()) {
        faults.add(
            name
                + "the file measures to "
                + block.measured().mrEnclave()
                + " but is signed for "
                + block.metadata().sigStruct().body().enclaveHash());
      }
      faults(block.metadata().sigStruct()).forEach(fault -> faults.add(name + fault));
    }
    return faults;
  }

  private static List<String> faults(Artifact.OpenEnclaveElf enclave) {
    if (enclave.image().sigStruct().isEmpty()) {
      return List.of();
    }
    SigStruct sigStruct = enclave.image().sigStruct().get();
    List<String> faults = new ArrayList<>(faults(sigStruct));
    switch (enclave.measurement()) {
      case Artifact.OpenEnclaveMeasurement.NotPossible _ -> {}
      case Artifact.OpenEnclaveMeasurement.Done(Measured measured) -> {
        if (!measured.mrEnclave().equals(sigStruct.body().enclaveHash())) {
          faults.add(
              "the file measures to "
                  + measured.mrEnclave()
                  + " but is signed for "
                  + sigStruct.body().enclaveHash()
                  + ": it was changed, or its loader is not that of Open Enclave 0.19");
        }
      }
    }
    return faults;
  }

  private static List<String> faults(SigStruct sigStruct) {
    return switch (sigStruct.check()) {
      case SignatureCheck.Genuine _ -> List.of();
      case SignatureCheck.Forged(SignatureCheck.Part part) -> List.of(part.text());
    };
  }

  /** The identities that the file states; a blob or stream alone states none. */
  default List<Stated> identities() {
    return switch (this) {
      case Container _, Declaration _ -> List.of();
      case Sgx(Artifact artifact, boolean _) ->
          switch (artifact) {
            case Artifact.IntelElf(List<Artifact.MeasuredBlock> blocks) ->
                blocks.stream().map(InspectedFile::stated).toList();
            case Artifact.OpenEnclaveElf image ->
                image.image().sigStruct().map(InspectedFile::stated).stream().toList();
            case Artifact.Signature(SigStruct sigStruct) -> List.of(stated(sigStruct));
            case Artifact.ReportFile file -> List.of(stated(file.report().body()));
            case Artifact.ReportBodyFile file -> List.of(stated(file.body()));
            case Artifact.Quote(QuoteHeader header, long _) ->
                header.body().map(InspectedFile::stated).stream().toList();
            case Artifact.Sgxs _,
                Artifact.TargetInfoFile _,
                Artifact.KeyRequestFile _,
                Artifact.Sealed _ ->
                List.of();
          };
    };
  }

  /** What the file measures to, or is said to, also where it states no identity. */
  default List<Bytes> measurements() {
    List<Stated> identities = identities();
    if (!identities.isEmpty()) {
      return identities.stream().map(stated -> stated.identity().mrEnclave()).toList();
    }
    return switch (this) {
      case Container _ -> List.of();
      case Declaration(Image image) ->
          switch (ImageMeasurement.of(image)) {
            case ImageMeasurement.Done(Measured measured) -> List.of(measured.mrEnclave());
            case ImageMeasurement.NotPossible _ -> List.of();
          };
      case Sgx(Artifact artifact, boolean _) ->
          switch (artifact) {
            case Artifact.Sgxs(var contents) -> List.of(contents.measured().mrEnclave());
            case Artifact.OpenEnclaveElf(
                    var _,
                    Artifact.OpenEnclaveMeasurement.Done(Measured measured)) ->
                List.of(measured.mrEnclave());
            case Artifact.TargetInfoFile(TargetInfo target) -> List.of(target.mrEnclave());
            case Artifact.OpenEnclaveElf _,
                Artifact.IntelElf _,
                Artifact.Signature _,
                Artifact.ReportFile _,
                Artifact.ReportBodyFile _,
                Artifact.Quote _,
                Artifact.KeyRequestFile _,
                Artifact.Sealed _ ->
                List.of();
          };
    };
  }

  /** Why the file cannot be put beside another, and what to do instead; empty if it can. */
  default Optional<String> incomparable() {
    if (!measurements().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        switch (this) {
          case Container _ -> "a sealed state is no enclave: " + WHY;
          case Declaration(Image image) -> "cannot be measured: " + ImageMeasurement.of(image);
          case Sgx(Artifact.Quote _, boolean _) ->
              "the quote of a TD names no enclave; reseal verify judges it";
          case Sgx(Artifact.OpenEnclaveElf _, boolean _) -> "not signed, and cannot be measured";
          case Sgx _ -> "this is no enclave: " + WHY;
        });
  }

  private static Stated stated(Artifact.MeasuredBlock block) {
    String name = block.metadata().edmm() ? "hosts with EDMM" : "hosts without EDMM";
    return new Stated(
        name, EnclaveIdentity.initialised(block.metadata().sigStruct()), Optional.empty());
  }

  private static Stated stated(SigStruct sigStruct) {
    return new Stated("", EnclaveIdentity.initialised(sigStruct), Optional.empty());
  }

  private static Stated stated(ReportBody body) {
    return new Stated("", EnclaveIdentity.of(body), Optional.of(body.cpuSvn()));
  }
}
