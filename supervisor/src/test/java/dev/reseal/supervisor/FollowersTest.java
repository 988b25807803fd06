package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.lifecycle.Cause;
import dev.reseal.lifecycle.Outcome;
import dev.reseal.lifecycle.Phase;
import dev.reseal.supervisor.Followers.News;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class FollowersTest {
  @Test
  void whatIsSaidOfAnOperationWhoseEndIsAboutToBeToldComesTooLate() throws InterruptedException {
    Followers followers = new Followers();
    Bytes opId = Bytes.zeros(16);
    Followers.Follower asker = followers.follow(Optional.of(opId));
    Outcome died = new Outcome.Stopped(new Cause("INSTANCE_DIED", "it ended", ""));
    followers.hold(opId);
    followers.ended(opId, died);
    followers.release(opId, new Outcome.Done(""));
    followers.ended(opId, died);
    assertThat(asker.next()).isEqualTo(new News.Ended(opId, new Outcome.Done("")));
    assertThat(asker.next()).isEqualTo(new News.Ended(opId, died));
  }

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
