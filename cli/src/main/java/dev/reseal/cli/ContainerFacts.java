package dev.reseal.cli;

import dev.reseal.sealed.Core;
import dev.reseal.sealed.Envelope;
import dev.reseal.sealed.Footer;
import dev.reseal.sealed.Slot;
import dev.reseal.sgx.KeyRequest;
import dev.reseal.sgx.MalformedException;
import java.util.ArrayList;
import java.util.List;

/** The words for what a sealed state says without any key. */
final class ContainerFacts {
  private ContainerFacts() {}

  static Facts of(Envelope envelope) throws MalformedException {
    Core core = envelope.core();
    Footer footer = envelope.footer();
    Facts facts =
        new Facts()
            .put("kind", "sealed state (RSC1)")
            .put("note", "nothing was decrypted; what is said here is checked when it is opened")
            .put("body_id", envelope.bodyId().toHex())
            .put("slot_digest", Slot.digest(envelope.encodedSlots()).toHex())
            .put("bytes", envelope.size())
            .put("lineage", core.lineage().toHex())
            .put("epoch", core.epoch())
            .put("sequence", footer.seq())
            .put("generation", footer.gen())
            .put("generation_floor", footer.genFloor())
            .put("operation", operation(core))
            .put("fence", core.fence())
            .put("sealed_by_instance", core.instanceId().toHex())
            .put("policy_digest", core.policyDigest().toHex())
            .put("store_layout", core.layout());
    List<Facts> rounds = new ArrayList<>();
    for (Footer.Round round : footer.rounds()) {
      rounds.add(
          new Facts()
              .put("segments", round.segments())
              .put("plaintext_bytes", round.plaintextBytes())
              .put("ct_root", round.ctRoot().toHex()));
    }
    List<Facts> slots = new ArrayList<>();
    for (Slot slot : envelope.slots()) {
      slots.add(slot(slot.header()));
    }
    return facts.put("round", rounds).put("slot", slots);
  }

  private static String operation(Core core) {
    return core.opId().equals(Core.CHECKPOINT) ? "none: a checkpoint" : core.opId().toHex();
  }

  private static Facts slot(Slot.Header header) throws MalformedException {
    Facts facts =
        new Facts()
            .put(
                "opens_with",
                header.type() == Slot.AUTHORITY
                    ? "the authority's half alone"
                    : "the platform's half and the authority's half")
            .put("wrap_key", header.wrapId().toHex())
            .put("made_by_instance", header.wrapper().toHex());
    if (header.keyRequest().isPresent()) {
      facts.put("request", SgxFacts.request(KeyRequest.parse(header.keyRequest().get())));
    } else if (header.type() == Slot.AUTHORITY_AND_PLATFORM) {
      facts.put("request", "none: the runtime's own seal key at its current SVN");
    }
    return facts;
  }
}
