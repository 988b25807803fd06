package dev.reseal.cli;

import dev.reseal.quote.P256;
import dev.reseal.supervisor.Doors;
import io.helidon.common.mapper.MapperManager;
import io.helidon.service.registry.GlobalServiceRegistry;
import io.helidon.service.registry.ServiceRegistry;
import io.helidon.service.registry.ServiceRegistryConfig;
import io.helidon.service.registry.ServiceRegistryManager;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * What a role that runs for long needs in any case, made ready while its command line is read:
 * after a crash somebody waits for it. Nothing depends on it but the time of a start.
 */
public final class HeadStart {
  /** The provider's own tests take longer than all else here. */
  private static final FutureTask<?> SIGNATURES = new FutureTask<>(P256::preferFastest, null);

  private HeadStart() {}

  public static void begin(String... arguments) {
    String words = String.join(" ", arguments) + " ";
    boolean run = words.startsWith("run ");
    boolean authority = words.startsWith("authority start ");
    if (run || authority || words.startsWith("platform start ")) {
      beside(SIGNATURES);
    }
    if (run || authority) { // they are servers
      services();
    }
    if (run) {
      beside(Doors::ready);
    }
  }

  /**
   * Returns when signatures are quick: the first one of the JDK's own provider makes tables of the
   * curve, which takes as long as the other provider's start.
   */
  static void signatures() throws InterruptedException {
    SIGNATURES.run();
    try {
      SIGNATURES.get();
    } catch (ExecutionException bug) {
      throw new IllegalStateException(bug.getCause());
    }
  }

  private static void beside(Runnable work) {
    Thread.ofPlatform().daemon().name("head-start").start(work);
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
