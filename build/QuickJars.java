import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/**
 * {@code QuickJars JAR...}: makes the classes of these copies fit for a start-up cache, which takes
 * none of a signed jar and none in a format older than Java 6 (those have no stack maps, and are
 * verified the slow way at every start). Signatures and their digests go, old classes get stack
 * maps; nothing else changes.
 */
final class QuickJars {
  private static final ClassTransform WITH_STACK_MAPS =
      ClassTransform.transformingMethodBodies(CodeTransform.endHandler(_ -> {}))
          .andThen(
              ClassTransform.endHandler(made -> made.withVersion(ClassFile.JAVA_8_VERSION, 0)));

  private static final Set<Attributes.Name> KEPT =
      Set.of(
          Attributes.Name.MANIFEST_VERSION,
          Attributes.Name.MULTI_RELEASE,
          Attributes.Name.IMPLEMENTATION_VERSION);

  private QuickJars() {}

  public static void main(String[] jars) throws IOException {
    for (String jar : jars) {
      Path path = Path.of(jar);
      try (URLClassLoader classes = new URLClassLoader(new URL[] {path.toUri().toURL()});
          FileSystem entries = FileSystems.newFileSystem(path)) {
        rewrite(entries.getPath("/"), classes);
      }
    }
  }

  private static void rewrite(Path root, ClassLoader classes) throws IOException {
    ClassFile format =
        ClassFile.of(
            StackMapsOption.GENERATE_STACK_MAPS,
            ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(classes)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    for (Path file : files(root)) {
      String name = file.toString();
      if (name.matches("/META-INF/[^/]*\\.(SF|RSA|DSA|EC)")) {
        Files.delete(file);
      } else if (name.equals("/META-INF/MANIFEST.MF")) {
        shorten(file);
      } else if (name.endsWith(".class") && major(file) < ClassFile.JAVA_6_VERSION) {
        byte[] old = Files.readAllBytes(file);
        Files.write(file, format.transformClass(format.parse(old), WITH_STACK_MAPS));
      }
    }
  }

  /** Before anything else runs, a start reads the manifest of each jar; one has 6,000 digests. */
  private static void shorten(Path file) throws IOException {
    Manifest manifest;
    try (InputStream in = Files.newInputStream(file)) {
      manifest = new Manifest(in);
    }
    manifest.getEntries().clear();
    manifest.getMainAttributes().keySet().retainAll(KEPT);
    try (OutputStream out = Files.newOutputStream(file)) {
      manifest.write(out);
    }
  }

  private static List<Path> files(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  private static int major(Path file) throws IOException {
    try (var content = Files.newInputStream(file)) {
      byte[] head = content.readNBytes(8);
      return (head[6] & 0xFF) << 8 | head[7] & 0xFF;
    }
  }
}
