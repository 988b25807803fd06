package dev.reseal.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Image;
import dev.reseal.platform.Platform.Creation;
import dev.reseal.platform.Platform.Measured;
import dev.reseal.platform.Refusal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Only measured code runs on a real daemon (spec 22.2): each way to change it is refused. */
class DaemonImageTest extends OnARealDaemon {
  @Test
  void aChangedSourceIsRefusedBecauseItIsNotWhatWasSigned() throws Exception {
    Image image = rig.image(WAIT);
    Bytes sigstruct = rig.sign(image);
    Files.writeString(rig.sources.resolve("app.py"), "print('other')\n");
    assertRefused(rig.create(image, sigstruct), Refusal.SIGSTRUCT);
    assertThat(rig.platform.list()).isEmpty();
  }

  @Test
  void aChangedSourceDoesNotReachAnImageThatWasCopied() throws Exception {
    Image image = rig.image(WAIT);
    Bytes sigstruct = rig.sign(image);
    rig.platform.destroy(((Creation.Created) rig.create(image, sigstruct)).handle());
    Files.writeString(rig.sources.resolve("app.py"), "print('other')\n");
    assertThat(rig.create(image, sigstruct)).isInstanceOf(Creation.Created.class);
  }

  @Test
  void aChangedCopyIsRefusedByName() throws Exception {
    Image image = rig.image(WAIT);
    Bytes sigstruct = rig.sign(image);
    rig.create(image, sigstruct);
    Path copy = copyOf(image).resolve("app/app.py");
    Files.setPosixFilePermissions(
        copy, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    Files.writeString(copy, "print('evil')\n");
    assertThat(assertRefused(rig.create(image, sigstruct), Refusal.IMAGE_CHANGED))
        .contains("app/app.py");
  }

  @Test
  void changedBytecodeIsRefused() throws Exception {
    Image image = rig.image(WAIT);
    Bytes sigstruct = rig.sign(image);
    rig.create(image, sigstruct);
    Path one;
    try (var all = Files.walk(Bytecode.folder(copyOf(image)))) {
      one = all.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
    Files.setPosixFilePermissions(
        one, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    byte[] content = Files.readAllBytes(one);
    content[content.length - 1] ^= 1;
    Files.write(one, content);
    assertRefused(rig.create(image, sigstruct), Refusal.IMAGE_CHANGED);
  }

  @Test
  void whatAnInstanceImportsWasCompiledBefore() throws Exception {
    rig.created(
        rig.image(
            """
            import collections.abc, email.message, http.server, json, logging.handlers, os, ssl
            import xml.dom.minidom as dom
            from concurrent import futures
            specs = [module.__spec__ for module in sys.modules.values() if module.__spec__]
            cached = [spec for spec in specs if spec.cached]
            say("cached", len(cached))
            say("late", [spec.name for spec in cached if not os.path.exists(spec.cached)])
            """
                + WAIT));
    rig.said("ready");
    assertThat(Integer.parseInt(rig.said("cached"))).isGreaterThan(50);
    assertThat(rig.said("late")).isEqualTo("[]");
  }

  @Test
  void aChangedInterpreterIsRefused() throws Exception {
    Path real = Rig.python();
    Path copy = rig.home.resolve("py/bin/python3");
    Path library = real.resolveSibling("../lib").normalize();
    Files.createDirectories(rig.home.resolve("py/bin"));
    Files.copy(real, copy);
    Files.createSymbolicLink(rig.home.resolve("py/lib"), library);
    Image plain = rig.image(WAIT);
    Image image = new Image(plain.files(), plain.values(), copy, plain.main(), Rig.HEAP, 7, 3);
    Bytes sigstruct = rig.sign(image);
    assertThat(rig.create(image, sigstruct)).isInstanceOf(Creation.Created.class);
    rig.platform.list().forEach(one -> rig.platform.destroy(one.handle()));
    rig.waitUntil("none lives", () -> rig.platform.list().isEmpty());
    Files.write(copy, new byte[] {0}, java.nio.file.StandardOpenOption.APPEND);
    assertRefused(rig.create(image, sigstruct), Refusal.INTERPRETER_CHANGED);
  }

  @Test
  void aSigstructThatDoesNotVerifyIsRefused() throws Exception {
    Image image = rig.image(WAIT);
    byte[] forged = rig.sign(image).toArray();
    forged[600] ^= 1;
    assertRefused(rig.create(image, Bytes.wrap(forged)), Refusal.SIGSTRUCT);
    Bytes other = Rig.sign(Bytes.zeros(32), image);
    assertRefused(rig.create(image, other), Refusal.SIGSTRUCT);
  }

  @Test
  void anInstanceThatFailsBeforeItsDeviceIsOpenLeavesNothing() throws Exception {
    long free = rig.free();
    Image image = rig.image(WAIT);
    TreeMap<String, Path> files = new TreeMap<>(image.files());
    files.put(
        "site/reseal/_launch.py",
        Files.writeString(rig.sources.resolve("bad.py"), "raise SystemExit('broken')\n"));
    String detail = assertRefused(rig.create(image.withFiles(files)), Refusal.STILLBORN);
    assertThat(detail).contains("stderr.log");
    assertThat(rig.said()).contains("broken");
    rig.waitUntil("pages are back", () -> rig.free() == free);
  }

  @Test
  void importsFromOutsideTheManifestAreRefused() throws Exception {
    Path outside = Files.createDirectories(rig.home.resolve("outside"));
    Files.writeString(outside.resolve("foreign.py"), "print('foreign ran')\n");
    rig.created(
        rig.image(
            """
            def attempt(name, action):
                try:
                    action()
                    say(name, "ALLOWED")
                except BaseException as refused:
                    say(name, type(refused).__name__)
            outside = "%s"
            sys.path.insert(0, outside)
            import os, runpy, subprocess, ctypes
            attempt("import", lambda: __import__("foreign"))
            attempt("run", lambda: runpy.run_path(outside + "/foreign.py"))
            attempt("compile", lambda: compile("1", outside + "/foreign.py", "exec"))
            attempt("dlopen", lambda: ctypes.CDLL("libm.so.6"))
            attempt("spawn", lambda: subprocess.run(["/bin/true"]))
            attempt("system", lambda: os.system("true"))
            attempt("exec", lambda: os.execv("/bin/true", ["true"]))
            """
                    .formatted(outside)
                + WAIT));
    rig.said("ready");
    for (String name :
        java.util.List.of("import", "run", "compile", "dlopen", "spawn", "system", "exec")) {
      assertThat(rig.said(name)).as(name).isEqualTo("Refused");
    }
    assertThat(rig.said()).doesNotContain("foreign ran");
  }

  @Test
  void anImageThatDoesNotFitARequestIsRefusedByWhatIsTooLargeInIt() throws Exception {
    Image image = rig.image(WAIT);
    TreeMap<String, Path> files = new TreeMap<>(image.files());
    for (int i = files.size(); i < Image.MOST_FILES; i++) {
      String name = "site/package/" + "m".repeat(60) + i + ".py";
      files.put(name, rig.sources.resolve(name));
    }
    Image large = image.withFiles(files);
    assertThat(rig.platform.measure(large))
        .isInstanceOfSatisfying(
            Measured.Refused.class,
            refused -> assertThat(refused.rule()).isEqualTo(Refusal.DECLARATION));
    assertThat(assertRefused(rig.create(large, Bytes.zeros(1808)), Refusal.DECLARATION))
        .contains("fewer files");
  }

  private Path copyOf(Image image) {
    return rig.home.resolve("platform/images").resolve(rig.measure(image).toHex());
  }

  private static String assertRefused(Creation creation, Refusal rule) {
    assertThat(creation).isInstanceOf(Creation.Refused.class);
    Creation.Refused refused = (Creation.Refused) creation;
    assertThat(refused.rule()).as(refused.detail()).isEqualTo(rule);
    return refused.detail();
  }
}
