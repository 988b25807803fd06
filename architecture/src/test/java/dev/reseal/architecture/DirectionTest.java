package dev.reseal.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Which module may name which other one. The table is the architecture; an arrow that is not in it
 * does not exist.
 */
class DirectionTest {
  private static final JavaClasses CODE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("jmh_generated"))
          .importPackages("dev.reseal");

  /** One line a module: what it may name. "*" is every module above it in this table. */
  private static final Map<String, Set<String>> ARROWS =
      table(
          """
          fixtures
          bytes
          sgx: bytes
          quote: bytes sgx
          collateral: bytes sgx quote
          wire: bytes
          mutation: bytes wire fixtures
          sealed: bytes sgx wire
          platform: bytes sgx wire
          urts
          emulator: bytes sgx wire platform quote
          lifecycle: bytes wire
          journal: bytes wire
          instance: bytes sgx wire sealed platform
          proof: bytes sgx wire quote
          authority: bytes sgx wire sealed quote collateral proof
          supervisor: bytes sgx wire sealed platform lifecycle journal
          attack: bytes sgx quote collateral wire sealed platform emulator instance authority
          cli: *
          simulation: *
          bench: *
          """);

  private static Map<String, Set<String>> table(String text) {
    Map<String, Set<String>> arrows = new LinkedHashMap<>();
    for (String line : text.lines().toList()) {
      String[] parts = line.split(":");
      Set<String> allowed = new TreeSet<>();
      if (parts.length > 1) {
        String below = parts[1].strip();
        allowed.addAll(below.equals("*") ? arrows.keySet() : Set.of(below.split(" ")));
      }
      arrows.put(parts[0], allowed);
    }
    return arrows;
  }

  private static String module(JavaClass type) {
    String name = type.getPackageName();
    return name.startsWith("dev.reseal.") ? name.split("\\.")[2] : "";
  }

  @TestFactory
  java.util.stream.Stream<DynamicTest> everyModuleNamesOnlyTheModulesBelowIt() {
    return ARROWS.entrySet().stream()
        .map(entry ->
            DynamicTest.dynamicTest(
                entry.getKey(),
                () -> assertThat(named(entry.getKey())).isSubsetOf(entry.getValue())));
  }

  private static Set<String> named(String module) {
    Set<String> named = new TreeSet<>();
    for (JavaClass type : CODE) {
      if (module(type).equals(module)) {
        type.getDirectDependenciesFromSelf()
            .forEach(dependency -> named.add(module(dependency.getTargetClass())));
      }
    }
    named.remove(module);
    named.remove("");
    return named;
  }

  @Test
  void everyClassBelongsToAModuleOfTheTableAndPackagesAreFlat() {
    Set<String> strays = new TreeSet<>();
    for (JavaClass type : CODE) {
      boolean flat = type.getPackageName().split("\\.").length == 3;
      if (!flat || !ARROWS.containsKey(module(type))) {
        strays.add(type.getName());
      }
    }
    assertThat(strays).isEmpty();
  }

  @Test
  void noModuleOfTheTableIsOutOfSight() {
    assertThat(CODE.stream().map(DirectionTest::module)).containsAll(ARROWS.keySet());
  }

  @Test
  void decisionsAndVerdictsTouchNoWorld() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.reseal.lifecycle", "dev.reseal.quote")
        .should()
        .dependOnClassesThat()
        .haveNameMatching(
            "java\\.(net|nio\\.file|nio\\.channels)\\..*|java\\.io\\.File.*|java\\.time\\.Clock|"
                + "java\\.lang\\.Thread|java\\.util\\.(Random|Timer)|java\\.security\\.SecureRandom")
        .because("a decision that can wait, read a file or look at a clock cannot be replayed")
        .check(CODE);
  }

  @Test
  void theSupervisorKnowsNoPlatformByName() {
    noClasses()
        .that()
        .resideInAPackage("dev.reseal.supervisor")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.reseal.emulator")
        .check(CODE);
  }

  @Test
  void nothingDeserialisesObjects() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.io.ObjectInputStream")
        .because("no format in which decoding runs code is allowed (protocol 5.4)")
        .check(CODE);
  }
}
