package dev.reseal.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sealed.ContainerException.Rule;
import dev.reseal.wire.Digests;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What shows of a stored container without a key. */
final class UnopenedTest {
  private static final List<List<StateRecord>> ROUNDS =
      List.of(
          List.of(World.record("users", "ada", 1, "one")),
          List.of(World.record("users", "ada", 2, "two")));

  private final World.Sealed sealed = World.signer().seal(ROUNDS);
  private final Bytes bodyId = Digests.body(sealed.body().core(), sealed.body().footer());

  private void check(Bytes file) throws IOException {
    Unopened.check(ContainerSource.of(file), bodyId);
  }

  @Test
  void whatWasSealedIsWholeAlsoWhereItHasManySegments() throws IOException {
    check(sealed.file());
    World.Sealed large =
        World.signer().seal(List.of(List.of(World.big("blobs", 1, 1, 5 * Core.SEGMENT / 2))));
    Bytes body = Digests.body(large.body().core(), large.body().footer());
    Unopened.check(ContainerSource.of(large.file()), body);
  }

  @Test
  void everyFlippedBitShowsButThoseOfSlotsWhichTheAuthorityKeeps() throws IOException {
    int slotsAt = 8 + 4 + sealed.body().core().size() + 4;
    int slotsEnd = slotsAt + sealed.body().slots().size();
    Set<Rule> seen = EnumSet.noneOf(Rule.class);
    for (int bit = 0; bit < 8 * sealed.file().size(); bit++) {
      if (bit / 8 >= slotsAt && bit / 8 < slotsEnd) {
        continue;
      }
      byte[] flipped = sealed.file().toArray();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      try {
        check(Bytes.wrap(flipped));
      } catch (ContainerException refused) {
        seen.add(refused.rule());
        continue;
      }
      throw new AssertionError("bit " + bit + " was flipped and the container passes for whole");
    }
    assertThat(seen).contains(Rule.BODY_ID, Rule.MARK, Rule.LENGTH, Rule.CT_ROOT, Rule.TRAILER);
  }

  @Test
  void everyTruncationAndEveryAppendedByteShows() {
    for (int size = 0; size < sealed.file().size(); size++) {
      Bytes cut = sealed.file().slice(0, size);
      assertThatThrownBy(() -> check(cut))
          .as("cut to %d", size)
          .isInstanceOf(ContainerException.class);
    }
    Bytes longer = Bytes.concat(sealed.file(), Bytes.zeros(1));
    assertThatThrownBy(() -> check(longer)).isInstanceOf(ContainerException.class);
  }

  @Test
  void anotherContainerOfTheSameStateIsNotTheRegisteredOne() {
    Bytes other = World.signer().seal(List.of(List.of())).file();
    assertThatThrownBy(() -> check(other))
        .isInstanceOfSatisfying(
            ContainerException.class, e -> assertThat(e.rule()).isEqualTo(Rule.BODY_ID));
  }
}
