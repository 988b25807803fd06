package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.instance.State;
import dev.reseal.journal.Entry;
import dev.reseal.journal.FileJournal;
import dev.reseal.journal.JournalException;
import dev.reseal.lifecycle.Event;
import dev.reseal.lifecycle.InstanceState;
import dev.reseal.lifecycle.Lifecycle;
import dev.reseal.lifecycle.Limits;
import dev.reseal.lifecycle.Situation;
import dev.reseal.lifecycle.Verb;
import dev.reseal.supervisor.Engine;
import dev.reseal.wire.MessageType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The real engine of a supervisor with its journal and container files on a bad disk. Its process
 * can crash at every point, the machine can lose its power; what is durable is what a restart
 * finds.
 */
final class SupervisorNode implements InstanceNode.Ears {
  /** The supervisor's process ends here and now. */
  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Crash(String where) {
      super(where);
    }
  }

  private static final Limits LIMITS = new Limits(6_000, 8_000, 5_000, 8_000, 6_000, 100);
  private static final long CHECKPOINT_MS = 2_000;
  private static final long RENEW_MS = 4_000;

  final HostClocks clocks;
  final SimDisk journalDisk;
  final SimDisk containerDisk;
  private final World world;
  private final Chance chance;
  private final Path journalPath;
  private final Shelf shelf;
  private final Post post;
  private final Map<Long, Long> logged = new HashMap<>();
  private Optional<FileJournal> journal = Optional.empty();
  private Optional<Engine> engine = Optional.empty();
  private boolean deciding;
  private boolean losesPowerInSync;
  private long life;

  SupervisorNode(World world, Chance chance) {
    this.world = world;
    this.chance = chance;
    this.clocks = new HostClocks(world.time::nowMs);
    this.journalDisk = new SimDisk(chance.source(), world.time::nowMs);
    this.containerDisk = new SimDisk(chance.source(), world.time::nowMs);
    this.journalPath = new SimFiles(journalDisk).getPath("journal");
    this.shelf = new Shelf(world, chance, new SimFiles(containerDisk).directory());
    this.post = new Post(world);
    journalDisk.atSync(this::inSync);
    containerDisk.atSync(this::inSync);
  }

  long life() {
    return life;
  }

  Shelf shelf() {
    return shelf;
  }

  /** How many events the authority's log had when this entry was written. */
  long logged(Entry entry) {
    return logged.getOrDefault(entry.seq(), 0L);
  }

  /** Entries of the journal as it is now; empty while there is no supervisor. */
  List<Entry> entries() {
    return journal.map(FileJournal::entries).orElse(List.of());
  }

  Situation situation() {
    return engine.map(Engine::situation).orElse(new Situation.Unsettled(false));
  }

  boolean up() {
    return engine.isPresent();
  }

  /** Starts, or tries again in a while if the disk does not let it. */
  void start() {
    if (up()) {
      return;
    }
    life++;
    shelf.reopen();
    try {
      FileJournal opened = FileJournal.open(journalPath, AuthorityNode.LINEAGE, clocks::wallMs);
      journal = Optional.of(opened);
      CrashSeams seams = new CrashSeams((side, _, _) -> world.point(Optional.of(side)));
      HostNode host = new HostNode(world, life);
      engine =
          Optional.of(
              new Engine(
                  new Lifecycle(LIMITS),
                  seams.journal(new StampedJournal(opened, this::stamp)),
                  seams.effects(host),
                  (_, to, failed) ->
                      world.trace.line(to.getClass().getSimpleName() + " " + failed)));
    } catch (JournalException refused) {
      world.trace.line("no start: " + refused.getMessage());
      down();
      return;
    }
    decide(engine -> engine.start());
    world.visible().forEach(this::introduce);
    checkpoints(life);
  }

  private void stamp(long seq) {
    logged.put(seq, world.authority.parts.logged());
  }

  private interface Step {
    void on(Engine engine);
  }

  private void decide(Step step) {
    deciding = true;
    try {
      step.on(engine.orElseThrow());
    } catch (Crash | JournalException | UncheckedIOException ended) {
      world.trace.line("supervisor ended: " + ended.getMessage());
      down();
    } finally {
      deciding = false;
    }
  }

  /** An event for this supervisor; it comes a moment later, or never if it is down by then. */
  void hear(Event event) {
    long mine = life;
    world.time.after(
        1,
        () -> {
          if (life == mine && up()) {
            world.trace.line("event " + words(event));
            decide(engine -> engine.handle(event));
          }
        });
  }

  private static String words(Event event) {
    String name = event.getClass().getSimpleName();
    return event instanceof Event.FromInstance said ? name + " " + said.handle() : name;
  }

  /** SIGKILL: what it had written stays with the kernel. */
  void crash() {
    if (deciding) {
      throw new Crash("killed");
    }
    down();
  }

  private void down() {
    life++;
    engine = Optional.empty();
    journal = Optional.empty();
    world.clients.park();
    world.time.after(chance.between(20, 1_500), this::start);
  }

  /**
   * The machine is off for a moment: instances are gone, and what was not synced, or part of it.
   */
  void powerLoss() {
    journalDisk.crash();
    if (journalDisk.damage().tornWrites() > 0) {
      world.struck("TORN_RECORD");
    }
    if (journalDisk.damage().overtaking() > 0) {
      world.struck("RECORD_WITHOUT_THE_ONE_BEFORE");
    }
    containerDisk.crash();
    world.nodes().forEach(node -> world.kill(node.handle()));
    crash();
  }

  /** The next sync that a decision waits for never ends: the power goes while it is written. */
  void losePowerInSync() {
    losesPowerInSync = true;
  }

  private void inSync() {
    if (losesPowerInSync && deciding) {
      losesPowerInSync = false;
      world.struck(Fault.POWER_LOSS_IN_SYNC.name());
      powerLoss();
    }
  }

  void healDisks() {
    losesPowerInSync = false;
    journalDisk.heal();
    containerDisk.heal();
    shelf.swap(0);
  }

  void loseJournal() {
    journalDisk.delete("journal");
    crash();
  }

  /** It crashes, and somebody has cut its journal after so many entries. */
  void loseJournalAfter(int kept) throws IOException {
    long size = entries().stream().limit(kept).mapToLong(FileJournal::sizeOf).sum();
    journalDisk.open("journal").truncate(size).force(false);
    crash();
  }

  void exited(String handle) {
    hear(new Event.Exited(handle));
  }

  private void introduce(InstanceNode node) {
    hear(new Event.Born(node.handle()));
    entered(node);
    node.ready().ifPresent(cose -> message(node, MessageType.READY, cose));
    if (node.inside().state() == State.LOCKED) {
      node.receipt().ifPresent(cose -> message(node, MessageType.SEAL_RECEIPT, cose));
    }
  }

  private void entered(InstanceNode node) {
    InstanceState state = InstanceState.valueOf(node.inside().state().name());
    hear(new Event.Entered(node.handle(), state));
    if (state == InstanceState.SERVING) {
      hear(new Event.Serving(node.handle(), 1));
    }
  }

  private void checkpoints(long mine) {
    world.time.after(
        CHECKPOINT_MS,
        () -> {
          if (life != mine) {
            return;
          }
          if (situation() instanceof Situation.Idle(String active)) {
            world.advise(active, Verb.CHECKPOINT, Bytes.EMPTY);
          }
          checkpoints(mine);
        });
  }

  List<Bytes> receipts() {
    return post.receipts();
  }

  void withholdCheckpoints(long ms) {
    post.withholdCheckpoints(ms);
  }

  // What instances say

  @Override
  public void stepped(InstanceNode from, State before, State after) {
    world.stepped(from, before, after);
    InstanceState state = InstanceState.valueOf(after.name());
    hear(new Event.Entered(from.handle(), state));
    if (after == State.SERVING) {
      hear(new Event.Serving(from.handle(), 1));
      if (before == State.INSTALLING) {
        renewals(from.handle());
      }
    }
  }

  private void renewals(String handle) {
    world.time.after(
        RENEW_MS,
        () ->
            world
                .node(handle)
                .ifPresent(node -> {
                  if (node.inside().state() == State.SERVING) {
                    node.obey(Verb.RENEW, Bytes.EMPTY, shelf::container);
                  }
                  renewals(handle);
                }));
  }

  @Override
  public void message(InstanceNode from, MessageType type, Bytes cose) {
    world.trace.line(from.handle() + " sends " + type, cose);
    post.receive(from, type, cose);
  }

  @Override
  public void refused(InstanceNode from, Verb verb, String rule) {
    world.trace.line(from.handle() + " refused " + verb + " " + rule);
    hear(new Event.AdviceRefused(from.handle(), verb.word(), rule));
  }

  @Override
  public void container(InstanceNode from, Bytes content) throws IOException {
    if (!up()) {
      throw new IOException("no supervisor");
    }
    world.ledger.contained(shelf.receive(from.handle(), content), from);
  }

  @Override
  public void restoreFailed(InstanceNode from, String rule, String detail) {
    hear(new Event.RestoreFailed(from.handle(), rule, detail));
  }

  @Override
  public void platformChecked(InstanceNode from, boolean same) {
    hear(new Event.PlatformChecked(from.handle(), same));
  }
}
