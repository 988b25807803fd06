package dev.reseal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Authority.Reply;
import dev.reseal.wire.Code;
import dev.reseal.wire.WireError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a supervisor goes on without its authority's word. */
class AuthorityCallsTest {
  @ParameterizedTest
  @EnumSource(names = {"QUARANTINED", "UNAVAILABLE", "SLOW_DOWN"})
  void anAuthorityThatCannotSayNowIsAway(Code code) {
    assertThat(AuthorityCalls.away(new Reply.Refused(WireError.of(code, "not now"))))
        .contains(code + ": not now");
    assertThat(AuthorityCalls.away(new Reply.Silent("no route"))).contains("no route");
  }

  @Test
  void oneThatAnswersOrKnowsNoSuchLineageIsNot() {
    assertThat(AuthorityCalls.away(new Reply.Answer(Bytes.EMPTY))).isEmpty();
    assertThat(
            AuthorityCalls.away(
                new Reply.Refused(WireError.of(Code.LINEAGE_MISMATCH, "no such lineage"))))
        .isEmpty();
  }
}
