package dev.reseal.mutation;

import dev.reseal.bytes.Bytes;
import dev.reseal.mutation.Reader.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** One cell of the table, tried on a real reader. */
public record Trial(String message, Mutation mutation, Map<Mutation, Cell> row, Scene.Set scenes) {

  /** One for each cell; throws unless there is a scene for each row and a row for each scene. */
  public static List<Trial> all(
      Map<String, Map<Mutation, Cell>> rows, Map<String, Scene.Set> scenes) {
    if (!rows.keySet().equals(scenes.keySet())) {
      throw new AssertionError(
          "spec/mutations.vec has rows " + rows.keySet() + ", read are " + scenes.keySet());
    }
    List<Trial> trials = new ArrayList<>();
    rows.forEach((message, row) -> {
      Scene.Set scene = Objects.requireNonNull(scenes.get(message));
      row.keySet().forEach(mutation -> trials.add(new Trial(message, mutation, row, scene)));
    });
    return trials;
  }

  public String name() {
    return message + " " + mutation.column();
  }

  /** Throws {@link AssertionError} where the reader does something else. */
  public void run() {
    switch (mutation) {
      case GOOD -> asExpected(scenes.set(), "at once");
      case AGAIN -> {
        Scene scene = scenes.set();
        asExpected(scene, "the first time");
        check(scene, scene.good().cose());
      }
      case REPLAYED -> {
        Scene first = scenes.set();
        asExpected(first, "the first time");
        Scene later = first.later().come();
        check(later, first.good().cose());
        asExpected(later, "after the replay");
      }
      case LINEAGE,
          OPERATION,
          OLD_EPOCH,
          NEW_EPOCH,
          OLD_FENCE,
          NEW_FENCE,
          SIGNER,
          OLD_KEY,
          TYPE,
          SIGNATURE,
          TRUNCATED,
          OVERSIZED,
          ENVELOPE,
          PAYLOAD ->
          wrong();
    }
  }

  private Cell cell(Mutation of) {
    return Objects.requireNonNull(row.get(of));
  }

  private void wrong() {
    Scene scene = scenes.set();
    for (Bytes wrong : scene.good().made(mutation)) {
      check(scene, wrong);
    }
    if (!(cell(mutation) instanceof Cell.AsGood)) {
      asExpected(scene, "afterwards");
    }
  }

  private void check(Scene scene, Bytes message) {
    String before = scene.reader().whole();
    Verdict verdict = scene.reader().read(message);
    switch (cell(mutation)) {
      case Cell.Refused(String rule) -> {
        demand(verdict.equals(new Verdict.Refused(rule)), verdict);
        unmoved(scene, before);
      }
      case Cell.Unmoved _ -> {
        demand(verdict instanceof Verdict.Taken, verdict);
        unmoved(scene, before);
      }
      case Cell.AsGood _ -> demand(verdict instanceof Verdict.Taken, verdict);
    }
  }

  private void asExpected(Scene scene, String when) {
    Verdict verdict = scene.reader().read(scene.good().cose());
    Verdict expected =
        cell(Mutation.GOOD) instanceof Cell.Refused(String rule)
            ? new Verdict.Refused(rule)
            : new Verdict.Taken();
    if (!verdict.equals(expected)) {
      throw new AssertionError(name() + ": the good one " + when + ": " + verdict);
    }
  }

  private void demand(boolean holds, Verdict verdict) {
    if (!holds) {
      throw new AssertionError(name() + ": " + cell(mutation) + " expected, found " + verdict);
    }
  }

  private void unmoved(Scene scene, String before) {
    String after = scene.reader().whole();
    if (!after.equals(before)) {
      throw new AssertionError(name() + " changed " + Whole.difference(before, after));
    }
  }
}
