package dev.reseal.authority;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.authority.Endpoint.Reply;
import dev.reseal.bytes.Bytes;
import dev.reseal.mutation.Scene;
import dev.reseal.mutation.Table;
import dev.reseal.mutation.Trial;
import dev.reseal.wire.MessageType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** spec/mutations.vec: every message that the authority reads, wrong in every way. */
final class MessageMutationTest {
  private static final Map<MessageType, Function<World, Scene>> SCENES =
      Map.of(
          MessageType.REQUEST, Scenes::request,
          MessageType.OPEN, Scenes::open,
          MessageType.SEAL_RECEIPT, Scenes::receipt,
          MessageType.CHECKPOINT, Scenes::checkpoint,
          MessageType.GRANT_REQUEST, Scenes::grantRequest,
          MessageType.READY, Scenes::ready,
          MessageType.RENEW, Scenes::renew,
          MessageType.LOG_HEAD, Scenes::logHead);

  private static final Set<MessageType> ANSWERS =
      Set.of(MessageType.CHALLENGE, MessageType.PASSPORT);

  @TempDir private Path home;

  @TestFactory
  Stream<DynamicTest> everyCell() throws IOException {
    Map<String, Scene.Set> scenes = new TreeMap<>();
    SCENES.forEach((type, scene) -> scenes.put(type.wireName(), () -> scene.apply(world())));
    return Trial.all(Table.read().of("authority"), scenes).stream()
        .map(trial -> DynamicTest.dynamicTest(trial.name(), trial::run));
  }

  private World world() {
    try {
      return new World(Files.createTempDirectory(home, "w"));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A log head comes inside another message; two calls are named like what they answer (T5). */
  @Test
  void everyTypeThatHasACallHasARow() {
    World world = world();
    Set<MessageType> called = new HashSet<>(Set.of(MessageType.LOG_HEAD));
    for (MessageType type : MessageType.values()) {
      if (!ANSWERS.contains(type)
          && !(world.service.post(type.wireName(), Bytes.EMPTY) instanceof Reply.Unknown)) {
        called.add(type);
      }
    }
    assertThat(SCENES.keySet()).isEqualTo(called);
  }
}
