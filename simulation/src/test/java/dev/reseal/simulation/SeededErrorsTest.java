package dev.reseal.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.fixtures.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every seeded error of the model, planted into the real code, is found within 1,000 seeds. The
 * seed that found it last is tried first; {@code -Dsearch=true} counts from 0.
 */
class SeededErrorsTest {
  private static final long SEEDS = 1_000;
  private static final boolean SEARCH = Boolean.getBoolean("search");

  @ParameterizedTest
  @EnumSource(Planted.class)
  void everyPlantedErrorIsFound(Planted planted) throws ReflectiveOperationException {
    try {
      Mutant mutant = new Mutant(planted.edits());
      Class<?> search = mutant.loadClass(Search.class.getName());
      String found =
          (String)
              search
                  .getMethod("first", String.class, long.class, long.class)
                  .invoke(null, planted.name(), SEARCH ? -1 : planted.known(), SEEDS);
      assertThat(found).as(planted.bug() + " within " + SEEDS + " seeds").isNotEmpty();
      System.out.println(planted.bug() + " | " + found);
      String rule = found.split(" ", 2)[1].split(":")[0];
      assertThat(planted.rules()).as(found).contains(rule);
      assertThat(mutant.applied()).isGreaterThanOrEqualTo(planted.edits().size());
    } catch (java.lang.reflect.InvocationTargetException thrown) {
      throw new AssertionError(thrown.getCause());
    }
  }

  @Test
  void theModelHasNoSeededErrorThatIsNotPlanted() throws IOException {
    Set<String> seeded = new TreeSet<>();
    for (String file : List.of("Reseal.tla", "ResealLive.tla")) {
      Matcher bug =
          Pattern.compile("Bug (?:=|#|/=) \"([a-zA-Z]+)\"")
              .matcher(Files.readString(Checkout.file("spec/tla/" + file)));
      while (bug.find()) {
        seeded.add(bug.group(1));
      }
    }
    seeded.remove("none");
    assertThat(Arrays.stream(Planted.values()).map(Planted::bug)).containsAll(seeded);
    assertThat(seeded).hasSizeGreaterThan(12);
  }
}
