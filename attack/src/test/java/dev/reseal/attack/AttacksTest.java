package dev.reseal.attack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.attack.Attack.Baseline.CannotFall;
import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence;
import dev.reseal.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The list and the verdicts over it; the attacks themselves are run by e2e/test_attacks.py, through
 * the command.
 */
class AttacksTest {
  private static final Ending WON = new Ending.Won("everything");
  private static final Ending REFUSED = new Ending.Refused("FENCED", "an old fence");
  private static final Ending HARMLESS = new Ending.Harmless("nothing changed");

  private static Optional<String> fault(Ending naive, Ending reseal, Defence defence)
      throws Exception {
    Attack.Live attack =
        new Attack.Live("A0", false, "a test", new Falls(_ -> naive), defence, _ -> reseal);
    try (Stage stage = Stage.passing(Checkout.root())) {
      return Trial.of(attack, stage).fault();
    }
  }

  @Test
  void aRunFailsUnlessTheBaselineFallsAndResealRefusesByThatRule() throws Exception {
    Defence fenced = new Defence.Rule("FENCED");
    assertThat(fault(WON, REFUSED, fenced)).isEmpty();
    assertThat(fault(WON, WON, fenced)).contains("Reseal fell: everything");
    assertThat(fault(WON, HARMLESS, fenced))
        .contains("not refused, without effect: nothing changed");
    assertThat(fault(REFUSED, REFUSED, fenced))
        .contains("the baseline stood: FENCED: an old fence");
    assertThat(fault(HARMLESS, REFUSED, fenced)).contains("the baseline stood: nothing changed");
    assertThat(fault(WON, REFUSED, new Defence.Rule("SIGNER")))
        .contains("refused by FENCED, not as expected: an old fence");
  }

  @Test
  void whatNeedsNoRefusalMustChangeNothing() throws Exception {
    assertThat(fault(WON, HARMLESS, new Defence.NoEffect())).isEmpty();
    assertThat(fault(WON, WON, new Defence.NoEffect())).contains("Reseal fell: everything");
    assertThat(fault(WON, REFUSED, new Defence.NoEffect())).isPresent();
  }

  @Test
  void severalTriesCountAsRefusedOnlyIfAllAre() {
    Ending other = new Ending.Refused("SIGNER", "a stranger");
    assertThat(Endings.all(List.of(REFUSED, other, REFUSED)))
        .isEqualTo(new Ending.Refused("FENCED, SIGNER", "an old fence; a stranger; an old fence"));
    assertThat(Endings.all(List.of(REFUSED, WON, other))).isEqualTo(WON);
    assertThat(Endings.all(List.of(REFUSED, HARMLESS))).isEqualTo(HARMLESS);
  }

  @Test
  void everyBaselineThatHasNothingToAttackSaysWhy() {
    for (Attack attack : Attacks.all()) {
      if (attack instanceof Attack.Live live && live.baseline() instanceof CannotFall(String why)) {
        assertThat(why).as(live.id()).hasSizeGreaterThan(20);
      }
    }
  }

  @Test
  void noNumberIsLeftOut() {
    assertThat(Attacks.all().stream().map(Attack::id).toList())
        .isEqualTo(IntStream.rangeClosed(1, 54).mapToObj(number -> "A" + number).toList());
  }

  @Test
  void theTableInTheDocumentationIsTheList() throws IOException {
    List<String> table =
        Files.readAllLines(Checkout.file("docs/reference/attacks.md")).stream()
            .filter(line -> line.startsWith("| A"))
            .toList();
    assertThat(table).isEqualTo(Attacks.all().stream().map(AttacksTest::row).toList());
  }

  private static String row(Attack attack) {
    return switch (attack) {
      case Attack.Live live ->
          "| %s%s | %s | %s |"
              .formatted(
                  live.id(), live.starred() ? " ★" : "", live.title(), defence(live.defence()));
      case Attack.Absent absent ->
          "| %s | %s | not run: %s |".formatted(absent.id(), absent.title(), absent.why());
    };
  }

  private static String defence(Defence defence) {
    return switch (defence) {
      case Defence.Rule(String names) -> "`" + names.replace(", ", "`, `") + "`";
      case Defence.NoEffect() -> "no effect";
    };
  }
}
