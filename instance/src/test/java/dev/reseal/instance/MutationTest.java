package dev.reseal.instance;

import dev.reseal.mutation.Scene;
import dev.reseal.mutation.Table;
import dev.reseal.mutation.Trial;
import dev.reseal.wire.MessageType;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** spec/mutations.vec: every message that an instance reads, wrong in every way. */
final class MutationTest {
  private static Map<String, Scene.Set> scenes() {
    Map<String, Scene.Set> scenes = new HashMap<>();
    for (Verb verb : Verb.values()) {
      switch (verb) {
        case CHALLENGE -> scenes.put(MessageType.CHALLENGE.wireName(), Scenes::challenge);
        case GRANT -> scenes.put(MessageType.GRANT.wireName(), Scenes::grant);
        case ACTIVATION -> scenes.put(MessageType.ACTIVATION.wireName(), Scenes::activation);
        case FINISH -> scenes.put(MessageType.TICKET.wireName(), Scenes::ticket);
        case ABORT -> scenes.put(MessageType.ABORT.wireName(), Scenes::abort);
        case REKEY_GRANT -> scenes.put(MessageType.REKEY_GRANT.wireName(), Scenes::rekeyGrant);
        case CHECKPOINT_ACK ->
            scenes.put(MessageType.CHECKPOINT_ACK.wireName(), Scenes::checkpointAck);
        case PASSPORT -> scenes.put(MessageType.PASSPORT.wireName(), Scenes::passport);
        case RETIRED -> scenes.put(MessageType.RETIRED.wireName(), Scenes::retired);
        case PLAT_CHECK, RENEW -> {} // advice without a message
      }
    }
    scenes.put(MessageType.LOG_HEAD.wireName(), Scenes::logHead);
    return scenes;
  }

  @TestFactory
  Stream<DynamicTest> everyCell() throws IOException {
    return Trial.all(Table.read().of("instance"), scenes()).stream()
        .map(trial -> DynamicTest.dynamicTest(trial.name(), trial::run));
  }
}
