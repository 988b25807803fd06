package dev.reseal.mutation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.wire.MessageType;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The table is about every message that exists; what it says is tried where its readers are. */
final class TableTest {
  @Test
  void everyMessageTypeIsReadBySomebodyAndNothingElseIs() throws IOException {
    assertThat(
            Table.read().rows().values().stream().map(Map::keySet).flatMap(each -> each.stream()))
        .containsOnly(
            Arrays.stream(MessageType.values()).map(MessageType::wireName).toArray(String[]::new));
  }
}
