package dev.reseal.cli;

import dev.reseal.quote.P256;
import dev.reseal.supervisor.Doors;
import io.helidon.common.mapper.MapperManager;
import io.helidon.service.registry.GlobalServiceRegistry;
import io.helidon.service.registry.ServiceRegistry;
import io.helidon.service.registry.ServiceRegistryConfig;
import io.helidon.service.registry.ServiceRegistryManager;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import javax.net.ssl.SSLContext;

/**
 * What a role that runs for long needs in any case, made ready while its command line is read:
 * after a crash somebody waits for it. Nothing depends on it but the time of a start.
 */
public final class HeadStart {
  private HeadStart() {}

  public static void begin(String... arguments) {
    String words = String.join(" ", arguments) + " ";
    boolean run = words.startsWith("run ");
    boolean authority = words.startsWith("authority start ");
    if (run) {
      beside(HeadStart::tls);
    } else if (authority || words.startsWith("platform start ")) {
      // For signatures and for measuring images; its own tests take longer than all else here.
      beside(P256::preferFastest);
    }
    if (run || authority) { // they are servers
      services();
    }
    if (run) {
      beside(Doors::ready);
    }
  }

  private static void beside(Runnable work) {
    Thread.ofPlatform().daemon().name("head-start").start(work);
  }

  /** The tables of its curve are most of a first handshake. */
  private static void tls() {
    try {
      SSLContext.getInstance("TLSv1.3");
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      generator.generateKeyPair();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("this JDK has no TLS 1.3 or no P-256", missing);
    }
  }

  /** All that our servers need of Helidon, which would search the class path for more. */
  @SuppressWarnings("removal") // its routing still asks for a MapperManager
  private static void services() {
    // What makes one looks for services too: an empty registry answers it.
    GlobalServiceRegistry.registry(registry(found()));
    MapperManager mappers = MapperManager.builder().discoverServices(false).build();
    GlobalServiceRegistry.registry(
        registry(found().putContractInstance(MapperManager.class, mappers)));
  }

  /** Nothing but what is put into it. */
  private static ServiceRegistryConfig.Builder found() {
    return ServiceRegistryConfig.builder()
        .discoverServices(false)
        .discoverServicesFromServiceLoader(false);
  }

  private static ServiceRegistry registry(ServiceRegistryConfig.Builder services) {
    return ServiceRegistryManager.create(services.build()).registry();
  }
}
