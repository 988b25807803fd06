package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.lifecycle.Phase;
import dev.reseal.supervisor.Followers.News;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class FollowersTest {
  @Test
  void whoeverDoesNotListenMissesPhasesButNeverTheEnd() throws InterruptedException {
    Followers followers = new Followers();
    Followers.Follower busy = followers.follow(Optional.of(Bytes.zeros(16)));
    int told = 5_000;
    for (int i = 0; i < told; i++) {
      followers.phase(Phase.ATTEST, "done", 1);
    }
    followers.ended(Bytes.zeros(16), new Outcome.Done(""));
    int heard = 0;
    News news = busy.next();
    while (news instanceof News.Entered) {
      heard++;
      news = busy.next();
    }
    assertThat(news).isEqualTo(new News.Ended(Bytes.zeros(16), new Outcome.Done("")));
    assertThat(heard).isPositive().isLessThan(told);
  }
}
