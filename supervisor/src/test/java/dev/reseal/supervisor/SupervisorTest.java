package dev.reseal.supervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Journal;
import dev.reseal.lifecycle.Call;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.Facts;
import dev.reseal.lifecycle.Limits;
import dev.reseal.lifecycle.View;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform;
import dev.reseal.platform.PlatformException;
import dev.reseal.platform.PlatformInfo;
import dev.reseal.wire.Kind;
import dev.reseal.wire.Randomness;
import dev.reseal.wire.SigningKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A supervisor that hears what the test says; its orders end at the test, except those to the
 * platform.
 */
@Timeout(60)
class SupervisorTest {
  private static final Bytes LINEAGE = Bytes.zeros(16);
  private static final Bytes OP = Bytes.hex("0102030405060708090a0b0c0d0e0f10");

  /** Of an authority that nobody reaches. */
  private static final String CERTIFICATE =
      """
      -----BEGIN CERTIFICATE-----
      MIIBeDCCAR+gAwIBAgIUDT/TwjfUhtqJsPyCLPSgytVbww4wCgYIKoZIzj0EAwIw
      ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyODIzNDcxNFoYDzIxMjYxMTA0MjM0
      NzE0WjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
      AATyswP7x6zMBf+YDKM2m6onBiDJi6OGu6O8l+XIS+0QeDME0etPnbCSGAVGFq24
      9j/W3NlWRQ1y/dDTlZjT1AUEo1MwUTAdBgNVHQ4EFgQURhgqKXxYItvt4GDAJvF8
      dFs3GiIwHwYDVR0jBBgwFoAURhgqKXxYItvt4GDAJvF8dFs3GiIwDwYDVR0TAQH/
      BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiA2V1lPn6ksQfsaGli/XmcGRi9VhSSC
      1qB0GDz5AZXzEwIgatQA5zLRZdHDYsHbDTWqeRvZmIBmgQI5nKxjB3kMY1Q=
      -----END CERTIFICATE-----
      """;

  @TempDir private Path directory;

  private final BlockingQueue<Effect> orders = new LinkedBlockingQueue<>();
  private final OnePlatform platform = new OnePlatform();
  private Doors doors;
  private Supervisor supervisor;

  /** Has room for one instance; whoever waits for its end is cut off once. */
  private static final class OnePlatform implements Platform {
    private final Semaphore waits = new Semaphore(0);
    private final Semaphore ends = new Semaphore(0);

    @Override
    public PlatformInfo info() {
      return new PlatformInfo(PlatformInfo.EMULATED, Bytes.zeros(32), Bytes.zeros(32));
    }

    @Override
    public Measured measure(Image image) {
      return new Measured.Measurement(Bytes.zeros(32));
    }

    @Override
    public Creation create(
        Image image, Bytes sigstruct, SortedMap<String, String> advice, Path logs) {
      return new Creation.Created("instance", Bytes.zeros(32), 1);
    }

    @Override
    public void destroy(String handle) {
      ends.release();
    }

    @Override
    public Headroom headroom() {
      return new Headroom.Unknown();
    }

    @Override
    public List<Instance> list() {
      return List.of();
    }

    @Override
    public boolean alive(String handle) {
      return true;
    }

    @Override
    public void awaitEnd(String handle) {
      waits.release();
      if (waits.availablePermits() == 1) {
        throw new PlatformException("await-end", "connection reset");
      }
      ends.acquireUninterruptibly();
    }
  }

  /** Only orders to the platform are carried out. */
  private final Seams seams =
      new Seams() {
        @Override
        public Journal journal(Journal inner) {
          return inner;
        }

        @Override
        public Effects effects(Effects inner) {
          return effect -> {
            orders.add(effect);
            if (effect instanceof Effect.Create || effect instanceof Effect.Destroy) {
              inner.perform(effect);
            }
          };
        }
      };

  @BeforeEach
  void aSupervisorIsAskedForAGenesis() throws Exception {
    Path certificate = Files.writeString(directory.resolve("authority.pem"), CERTIFICATE);
    Path image = Files.writeString(directory.resolve("main.py"), "");
    Authority authority = new Authority(URI.create("https://127.0.0.1:1"), certificate);
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    doors = Doors.open(directory.resolve("lineage"), anyPort, 1_000, authority, platform);
    Settings settings =
        new Settings(
            "test",
            LINEAGE,
            new Image(
                new TreeMap<>(Map.of("main.py", image)),
                new TreeMap<>(),
                Path.of("/usr/bin/python3"),
                "main.py",
                64,
                1,
                1),
            Bytes.zeros(1808),
            List.of(),
            SigningKey.generate(Randomness.system()),
            Limits.DEFAULT,
            0);
    supervisor = Supervisor.start(settings, platform, doors, seams);
    View.Row unborn =
        new View.Row(
            View.State.EMPTY,
            Kind.POLICY,
            Bytes.zeros(16),
            0,
            Optional.empty(),
            true,
            Optional.empty());
    hears(
        new Event.Surveyed(unborn, new Facts(List.of(), Set.of(), Optional.empty())),
        new Event.Asked(Kind.GENESIS, OP, Bytes.ascii("request")));
    awaitOrder(Effect.Inspect.class);
  }

  private void hears(Event... events) {
    doors.events().addAll(List.of(events));
  }

  private void awaitOrder(Class<? extends Effect> kind) throws InterruptedException {
    Effect order = orders.take();
    while (!kind.isInstance(order)) {
      order = orders.take();
    }
  }

  @Test
  void anInspectionThatIsStillUnderWayWhenItClosesHasNotPassed() throws Exception {
    supervisor.close();
    assertThat(orders).isEmpty();
  }

  @Test
  void anInstanceWhoseEndIsNoLongerToldIsAskedForAndKeptWhileItLives() throws Exception {
    hears(new Event.Fit(), new Event.Answered(Call.BEGIN, OP, 1, Bytes.EMPTY));
    assertThat(platform.waits.tryAcquire(2, 20, TimeUnit.SECONDS)).isTrue();
    assertThat(supervisor.local().instances()).hasSize(1);
    platform.ends.release();
    awaitOrder(Effect.Destroy.class); // its end counts against the candidate
    supervisor.close();
  }
}
