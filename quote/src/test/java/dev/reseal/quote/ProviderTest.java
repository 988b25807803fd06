package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.security.Security;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which provider computes P-256. */
class ProviderTest {
  @Test
  void correttoIsUsedWhereItLoads() {
    String fastest = P256.ofCorretto().map(P256::describe).orElseGet(P256.ofJdk()::describe);
    assertThat(P256.fastest().describe()).isEqualTo(fastest);
    assertThat(P256.ofJdk().describe()).startsWith("SunEC ");
  }

  @Test
  void correttoIsThereWhereItsLibraryLoads() {
    boolean loads = AmazonCorrettoCryptoProvider.INSTANCE.getLoadingError() == null;
    assertThat(P256.ofCorretto().isPresent()).isEqualTo(loads);
  }

  @Test
  void theFastestBecomesTheFirstOfTheProcess() {
    Security.removeProvider(AmazonCorrettoCryptoProvider.PROVIDER_NAME);
    P256.preferFastest();
    String first = Security.getProviders()[0].getName();
    P256.ofCorretto().ifPresent(fastest -> assertThat(fastest.describe()).startsWith(first + " "));
  }

  @Test
  void withoutCorrettosLibraryTheJdkComputes() throws Exception {
    List<URL> others = new ArrayList<>();
    for (String each : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (!each.contains("Corretto")) {
        others.add(Path.of(each).toUri().toURL());
      }
    }
    try (URLClassLoader without =
        new URLClassLoader(others.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> p256 = without.loadClass(P256.class.getName());
      Object fastest = p256.getMethod("fastest").invoke(null);
      assertThat(p256.getMethod("describe").invoke(fastest).toString()).startsWith("SunEC ");
    }
  }
}
