package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.journal.Entry;
import dev.reseal.journal.Journal;
import dev.reseal.lifecycle.Effect;
import dev.reseal.lifecycle.Phase;
import dev.reseal.supervisor.Effects;
import dev.reseal.supervisor.Seams;
import dev.reseal.wire.Cbor;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Counts every journal write and every order that touches the world, within operations, and calls
 * {@code reached} before and after each. The last orders of an operation are its own, though its
 * journal has ended already: it is over when whoever asked is told. Orders are often carried out by
 * other threads: "after" is when the order was given.
 */
final class CrashSeams implements Seams {
  /** Who is told: side, running number, and what it is, in words. */
  interface Reached {
    void at(CrashPoint.Side side, int number, String what) throws IOException;
  }

  private final Reached reached;
  private int number;
  private Phase phase = Phase.IDLE;

  CrashSeams(Reached reached) {
    this.reached = reached;
  }

  @Override
  public Journal journal(Journal inner) {
    return new Counted(inner);
  }

  @Override
  public Effects effects(Effects inner) {
    return effect -> {
      if (effect.outward() && phase != Phase.IDLE) {
        around(phase + " " + effect.getClass().getSimpleName(), () -> inner.perform(effect));
      } else {
        inner.perform(effect);
      }
      if (effect instanceof Effect.Finish) {
        phase = Phase.IDLE;
      }
    };
  }

  private void around(String what, Runnable action) {
    number++;
    reach(CrashPoint.Side.BEFORE, what);
    action.run();
    reach(CrashPoint.Side.AFTER, what);
  }

  private void reach(CrashPoint.Side side, String what) {
    try {
      reached.at(side, number, what);
    } catch (IOException unreadable) {
      throw new UncheckedIOException("the orders of a crash run", unreadable);
    }
  }

  private final class Counted implements PassingJournal {
    private final Journal inner;

    private Counted(Journal inner) {
      this.inner = inner;
    }

    @Override
    public Journal inner() {
      return inner;
    }

    @Override
    public void intent(Bytes opId, int to, Cbor.Map payload) {
      Phase next = Phase.of(to);
      if (next != Phase.IDLE) {
        phase = next;
      }
      write(to, "intent", () -> inner.intent(opId, to, payload));
    }

    @Override
    public void result(Bytes opId, int of, Entry.Edge edge, Cbor.Map payload) {
      write(of, edge.name(), () -> inner.result(opId, of, edge, payload));
    }

    private void write(int of, String word, Runnable action) {
      if (Phase.of(of) == Phase.IDLE) {
        action.run();
      } else {
        around(Phase.of(of) + " journal " + word, action);
      }
    }
  }
}
