package dev.reseal.simulation;

import dev.reseal.authority.StoreException;
import dev.reseal.emulator.Fault.ChildrenExit;
import dev.reseal.emulator.Fault.EinitInterrupted;
import dev.reseal.emulator.Fault.ForkedChild;
import dev.reseal.emulator.Fault.LeakedPages;
import dev.reseal.emulator.Fault.OpenRetry;
import dev.reseal.emulator.Fault.PagesReturned;
import dev.reseal.emulator.Fault.PagesTaken;
import dev.reseal.instance.State;
import dev.reseal.lifecycle.Phase;
import dev.reseal.lifecycle.Situation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Brings the faults of a plan into a world, each at its moment. */
final class Faults implements World.Observer {
  private static final long MINUTES_10 = 600_000;
  private static final long DAYS_400 = 400L * 86_400_000;

  /** What needs nothing to come. */
  private static final List<Fault> CERTAIN =
      List.of(Fault.SUPERVISOR_CRASH, Fault.POWER_LOSS, Fault.JOURNAL_LOST, Fault.OLD_DIES);

  private final World world;
  private final Chance chance;
  private final List<Armed> armed = new ArrayList<>();
  private final Set<String> reached = new TreeSet<>();
  private final Set<String> struck = new TreeSet<>();
  private int brought;
  private boolean over;

  private static final class Armed {
    private final Plan.Item item;
    private int left;

    private Armed(Plan.Item item) {
      this.item = item;
      this.left = item.points();
    }
  }

  Faults(World world, Chance chance, Plan plan) {
    this.world = world;
    this.chance = chance;
    plan.items().forEach(item -> armed.add(new Armed(item)));
  }

  /** Every phase in which a fault came, with the fault; one that waits comes when it strikes. */
  Set<String> reached() {
    return reached;
  }

  /** How many came, those that wait once each. */
  int came() {
    return brought + struck.size();
  }

  boolean spent() {
    return armed.isEmpty();
  }

  /** What waits for a phase that does not come is brought now; when nothing is left, another. */
  void force() {
    Fault fault = armed.isEmpty() ? chance.of(CERTAIN) : armed.removeFirst().item.fault();
    inject(fault, Situation.phase(world.supervisor.situation()));
  }

  /** What has not come yet never does. */
  void end() {
    over = true;
    armed.clear();
  }

  @Override
  public void point(Phase phase, Optional<CrashPoint.Side> side) {
    if (over) {
      return;
    }
    for (Armed each : List.copyOf(armed)) {
      boolean here = each.item.phase().map(phase::equals).orElse(true);
      if (here && --each.left <= 0) {
        armed.remove(each);
        inject(each.item.fault(), phase);
      }
    }
  }

  @Override
  public void struck(Phase phase, String what) {
    struck.add(what);
    reached.add(phase + " " + what);
  }

  private void inject(Fault fault, Phase phase) {
    world.trace.fault(fault.name());
    if (!fault.waits()) {
      brought++;
      reached.add(phase + " " + fault);
    }
    if (fault.hostile()) {
      // A hostile host acts between two steps of its supervisor, not inside one.
      world.time.after(0, () -> hostile(fault));
    } else {
      bring(fault);
    }
  }

  private void bring(Fault fault) {
    switch (fault) {
      case SUPERVISOR_CRASH -> world.supervisor.crash();
      case POWER_LOSS -> world.supervisor.powerLoss();
      case POWER_LOSS_IN_SYNC -> world.supervisor.losePowerInSync();
      case OLD_DIES -> kill(true);
      case NEW_DIES -> kill(false);
      case AUTHORITY_CRASH -> world.authority.parts.crashIn(chance.below(12));
      case AUTHORITY_POWER_LOSS -> world.authority.parts.powerLossIn(chance.below(12));
      case AUTHORITY_DOWN -> world.network.down(chance.between(100, 8_000));
      case PLATFORM_DIES -> world.platformDies();
      case DISK_FULL -> diskFull();
      case SYNC_FAILS ->
          (chance.oneIn(2) ? world.supervisor.journalDisk : world.supervisor.containerDisk)
              .failNextSync();
      case SHORT_WRITE -> {
        world.supervisor.journalDisk.shortenNextWrite();
        world.supervisor.containerDisk.shortenNextWrite();
      }
      case JOURNAL_LOST -> world.supervisor.loseJournal();
      case REQUEST_LOST -> world.network.loseRequests(1 + chance.below(3));
      case ANSWER_LOST -> world.network.loseAnswers(1 + chance.below(3));
      case MESSAGE_DELAYED -> world.network.delay(1 + chance.below(3));
      case MESSAGE_REPEATED -> world.network.repeat(1 + chance.below(4));
      case ADVICE_LOST -> world.loseAdvice(1);
      case ADVICE_REPEATED -> world.repeatAdvice(1 + chance.below(3));
      case AUTHORITY_CLOCK_FORWARD -> authorityClock(chance.between(1_000, MINUTES_10));
      case AUTHORITY_CLOCK_BACK -> authorityClock(-chance.between(1_000, 60_000));
      case SUPERVISOR_CLOCK_STEP ->
          world.supervisor.clocks.step(chance.oneIn(2) ? DAYS_400 : -DAYS_400);
      case AUTHORITY_SUSPENDED -> world.authorityClocks.suspended(chance.between(100, 5_000));
      case EPC_FULL -> meanwhile(new PagesTaken(MachineNode.EPC_PAGES), 1_500, new PagesReturned());
      case EPC_LEAKS -> world.machine.strike(new LeakedPages(1 + chance.below(6)));
      case CHILD_KEEPS_EPC -> meanwhile(new ForkedChild(), 5_000, new ChildrenExit());
      case DEVICE_BUSY -> world.machine.strike(new OpenRetry(1 + chance.below(6)));
      case EINIT_INTERRUPTED -> world.machine.strike(new EinitInterrupted(1 + chance.below(4)));
      case MICROCODE_RAISED -> world.machine.raiseMicrocode();
      case POWER_TRANSITION -> world.powerTransition();
      case TARGETS_FAIL -> world.spoilOperation();
      case QUOTE_DOWN -> world.quotesDown(chance.between(50, 3_000));
      default -> throw new IllegalArgumentException(fault + " is of a hostile host");
    }
  }

  private void hostile(Fault fault) {
    Hostile host = world.hostile();
    switch (fault) {
      case REPLAY_TO_INSTANCE -> repeatedly(host::replayToInstance);
      case REPLAY_TO_AUTHORITY -> repeatedly(host::replayToAuthority);
      case OLD_RECEIPT -> host.oldReceipt();
      case OLD_ABORT -> host.oldAbort();
      case OLD_CONTAINER -> world.supervisor.shelf().swap(1 + chance.below(2));
      case OTHER_LINEAGE -> host.otherLineage();
      case FALSE_EXIT -> host.falseExit();
      case SECOND_CANDIDATE -> host.secondCandidate(false);
      case LATE_READY -> host.secondCandidate(true);
      case FORGED_CANDIDATE -> host.forgedCandidate();
      case OTHER_IMAGE -> host.otherImage();
      case DESTROY_IS_A_LIE -> host.lie();
      case RELAY_DIVERTED -> world.clients.divert(40);
      case CHECKPOINTS_WITHHELD -> world.supervisor.withholdCheckpoints(5_000);
      case EARLY_TAKEOVER -> host.earlyTakeover();
      case LATE_ABORT -> host.lateAbort();
      case BACKUP_RESTORED -> backup();
      default -> throw new IllegalArgumentException(fault + " is not of a hostile host");
    }
  }

  /** It issues nothing until somebody confirms the time by starting it again. */
  private void authorityClock(long ms) {
    world.authorityClocks.step(ms);
    world.time.after(chance.between(500, 6_000), world::restartAuthority);
  }

  private void meanwhile(
      dev.reseal.emulator.Fault begins, long mostMs, dev.reseal.emulator.Fault ends) {
    world.machine.strike(begins);
    world.time.after(chance.between(50, mostMs), () -> world.machine.strike(ends));
  }

  private void repeatedly(Runnable move) {
    for (int i = 0; i < 6; i++) {
      world.time.after(chance.between(0, 400), move);
    }
  }

  private void kill(boolean active) {
    for (InstanceNode node : world.nodes()) {
      State state = node.inside().state();
      boolean was = state == State.SERVING || state == State.QUIESCING || state == State.LOCKED;
      if (was == active) {
        world.kill(node.handle());
      }
    }
  }

  private void diskFull() {
    SimDisk disk = chance.oneIn(2) ? world.supervisor.journalDisk : world.supervisor.containerDisk;
    disk.fill();
    world.time.after(chance.between(50, 1_500), () -> disk.capacity(Long.MAX_VALUE));
  }

  /** An older copy of register and key store takes the place of the newest one for a moment. */
  private void backup() {
    Runnable old = world.authority.parts.backup(world.wiring.backupHasAnchor());
    long then = world.authority.parts.logged();
    world.time.after(chance.between(200, 3_000), () -> restored(old, then));
  }

  private void restored(Runnable old, long then) {
    world.struck(Fault.BACKUP_RESTORED.name());
    // What is missing was answered to nobody, as a crash came before the anchor, or is a renewal:
    // no anchor can know, and a takeover waits by another clock.
    boolean unnoticed = world.authority.parts.anchored() <= then;
    Runnable newest = world.authority.parts.backup(true);
    old.run();
    world.authority.stop();
    try {
      world.authority.start();
    } catch (StoreException noticed) {
      world.trace.line("rollback noticed: " + noticed.getMessage());
      newest.run();
      world.authority.start();
      return;
    }
    Check.that(unnoticed || world.wiring.backupHasAnchor(), "T26", "an older register was started");
  }
}
