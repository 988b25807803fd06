package dev.reseal.instance;

import dev.reseal.bytes.Bytes;
import dev.reseal.bytes.Secret;
import dev.reseal.wire.AuthorityMessage.Activation;
import dev.reseal.wire.AuthorityMessage.RekeyGrant;
import dev.reseal.wire.Code;
import dev.reseal.wire.Digests;
import dev.reseal.wire.Head;
import dev.reseal.wire.Hpke;
import dev.reseal.wire.HpkeInfo;
import dev.reseal.wire.InstanceMessage.Ready;
import dev.reseal.wire.Keyset;
import dev.reseal.wire.Signed;
import java.util.List;
import java.util.Optional;

/** The two ways by which key generations come in: activation and rekey. */
final class Activating {
  private Activating() {}

  static void activation(Body body, Bytes payload, List<Output> out) {
    Activation activation = body.ears.hear(Activation.class, payload).message();
    body.allow(Input.ACTIVATION);
    if (!(body.phase() instanceof Phase.Standby(var held, var ready, long genFloor))) {
      throw new IllegalStateException("STANDBY without a grant");
    }
    Head head = activation.head();
    if (!body.ears.names(activation.instanceId()) || !head.opId().equals(held.head().opId())) {
      throw body.refusal(Input.ACTIVATION_OTHER);
    }
    if (activation.epoch() != held.grant().nextEpoch()
        || head.epoch() != activation.epoch()
        || head.fence() != held.head().fence()) {
      throw body.refusal(Input.ACTIVATION_FENCED);
    }
    if (!activation.essentials().equals(held.grant().essentials())) {
      throw new RefusedException(
          Code.POLICY_REFUSED, "the activation has another policy than the grant");
    }
    if (!ready.map(Activating::head).equals(Optional.of(activation.stateHead()))) {
      throw new RefusedException(
          Code.BINDING_MISMATCH, "the activation names another head than our ready made");
    }
    var passport = body.ears.passport(activation.passport(), activation.epoch(), head.fence());
    var logHead = body.ears.logHead(activation.logHead());
    Bytes info =
        HpkeInfo.of(head).keyset(activation.instanceId(), activation.epoch(), activation.gen());
    Keyset keyset = keyset(body, info, activation.keyset(), activation.gen());
    Tenure tenure = new Tenure(held, keyset, passport, genFloor, body.stores().version());
    body.ears.learn(logHead);
    install(body, tenure, out);
  }

  private static void install(Body body, Tenure tenure, List<Output> out) {
    body.move(Input.ACTIVATION, new Phase.Installing(tenure), out);
    try {
      body.application.onKey(tenure.keyset());
    } catch (Application.HookException failed) {
      body.die(Input.INSTALL_FAILED, out);
      throw new RefusedException(Code.CORRUPT, "on_key: " + failed.getMessage());
    } catch (RuntimeException | Error failed) {
      body.die(Input.INSTALL_FAILED, out);
      throw failed;
    }
    body.move(Input.INSTALLED, new Phase.Serving(tenure), out);
  }

  private static Bytes head(Signed<Ready> ready) {
    return Digests.head(ready.message().bodyId(), Digests.slots(ready.message().slots()));
  }

  private static Keyset keyset(Body body, Bytes info, Hpke.Box box, long gen) {
    try (Secret plaintext = Hpke.open(body.identity.kem(), info, box)) {
      Keyset keyset = Keyset.decode(plaintext);
      if (keyset.active().gen() != gen) {
        keyset.close();
        throw new RefusedException(
            Code.BINDING_MISMATCH, "the keyset's active generation is not " + gen);
      }
      return keyset;
    }
  }

  /** R0: if {@code on_key} fails, the instance stays on the old generation. */
  static void rekey(Body body, Bytes payload, List<Output> out) {
    RekeyGrant grant = body.ears.hear(RekeyGrant.class, payload).message();
    body.allow(Input.REKEY_GRANT);
    Tenure tenure = body.tenure();
    if (!body.ears.names(grant.instanceId())) {
      throw new RefusedException(Code.BINDING_MISMATCH, "a rekey-grant for another instance");
    }
    if (grant.head().epoch() != tenure.epoch
        || !tenure.mayRekey(grant.head().fence(), grant.gen())) {
      throw body.refusal(Input.REKEY_GRANT_OLD);
    }
    Bytes info = HpkeInfo.of(grant.head()).rekey(grant.instanceId(), tenure.epoch, grant.gen());
    Keyset keyset = keyset(body, info, grant.keyset(), grant.gen());
    try {
      body.application.onKey(keyset);
    } catch (Application.HookException failed) {
      keyset.close();
      throw new RefusedException(Code.CORRUPT, "on_key: " + failed.getMessage());
    } catch (RuntimeException | Error failed) {
      keyset.close();
      throw failed;
    }
    tenure.rekeyed(grant.head().fence(), keyset);
    body.move(Input.REKEY_GRANT, new Phase.Serving(tenure), out);
  }
}
