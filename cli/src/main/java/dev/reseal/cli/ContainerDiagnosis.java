package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.Core;
import dev.reseal.sealed.Envelope;
import dev.reseal.sealed.Slot;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import dev.reseal.sgx.SealDiagnosis;
import dev.reseal.sgx.SealFinding;
import dev.reseal.sgx.SealInput;
import dev.reseal.sgx.SealParty;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether a sealed state opens (protocol 5.3, 5.6): for each slot the platform's half by its key
 * request, and for all of them lineage, epoch and whether the authority holds this body as head.
 */
final class ContainerDiagnosis {
  /** What the register of the lineage says, as far as it is known. */
  record Register(Optional<Bytes> lineage, Optional<Long> epoch, Optional<Bytes> head) {}

  /** One slot and what became of it. */
  record SlotDiagnosis(int type, SealDiagnosis diagnosis) {}

  private ContainerDiagnosis() {}

  static List<SlotDiagnosis> of(
      Envelope envelope, SealParty opener, Optional<SealParty> sealer, Register register)
      throws MalformedException {
    List<SlotDiagnosis> slots = new ArrayList<>();
    for (Slot slot : envelope.slots()) {
      List<SealFinding> findings = new ArrayList<>(platformHalf(slot.header(), opener, sealer));
      findings.addAll(registered(envelope, register));
      slots.add(new SlotDiagnosis(slot.header().type(), new SealDiagnosis(findings)));
    }
    return slots;
  }

  private static List<SealFinding> platformHalf(
      Slot.Header header, SealParty opener, Optional<SealParty> sealer) throws MalformedException {
    if (header.type() == Slot.AUTHORITY) {
      return List.of(
          new SealFinding.Unbound(SealInput.PLATFORM, "this slot needs the authority only"));
    }
    if (header.keyRequest().isEmpty()) {
      return List.of(
          new SealFinding.Unknown(
              SealInput.REQUEST,
              "the runtime's own key at its current SVN",
              "neither CPUSVN nor ISVSVN nor the enclave changed since it was sealed"));
    }
    return SealDiagnosis.of(KeyRequest.parse(header.keyRequest().get()), opener, sealer).findings();
  }

  private static List<SealFinding> registered(Envelope envelope, Register register) {
    Core core = envelope.core();
    List<SealFinding> findings = new ArrayList<>();
    findings.add(
        compare(
            SealInput.LINEAGE,
            core.lineage().toHex(),
            register.lineage().map(Bytes::toHex),
            "it is the lineage that the opener serves",
            "this state belongs to another service: take the container of this lineage"));
    findings.add(
        compare(
            SealInput.EPOCH,
            Long.toString(core.epoch()),
            register.epoch().map(String::valueOf),
            "it is the epoch of the registered head",
            "the state is stale: take the container whose body_id the authority has as head"));
    findings.add(
        compare(
            SealInput.AUTHORITY,
            envelope.bodyId().toHex(),
            register.head().map(Bytes::toHex),
            "the authority has this body_id as head and grants it",
            "the authority releases its half for the registered head only: take that container"));
    return findings;
  }

  private static SealFinding compare(
      SealInput input, String sealed, Optional<String> registered, String needed, String remedy) {
    if (registered.isEmpty()) {
      return new SealFinding.Unknown(input, "not given", needed + ": " + sealed);
    }
    return sealed.equals(registered.get())
        ? new SealFinding.Same(input, sealed)
        : new SealFinding.Differs(input, sealed, registered.get(), remedy);
  }
}
