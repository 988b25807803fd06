package dev.reseal.simulation;

import dev.reseal.bytes.Bytes;
import dev.reseal.supervisor.Containers;
import dev.reseal.supervisor.Outline;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A supervisor's real container files on a bad disk, and a host that has kept a copy of each. */
final class Shelf {
  private final World world;
  private final Chance chance;
  private final Path directory;
  private final Map<Bytes, Bytes> archive = new LinkedHashMap<>();
  private Containers containers;
  private int stale;

  Shelf(World world, Chance chance, Path directory) {
    this.world = world;
    this.chance = chance;
    this.directory = directory;
    this.containers = new Containers(directory);
  }

  Containers containers() {
    return containers;
  }

  /** What a new process of the supervisor finds. */
  void reopen() {
    containers = new Containers(directory);
  }

  /** Its body. */
  Bytes receive(String handle, Bytes content) throws IOException {
    Outline outline = containers.receive(handle, new ByteArrayInputStream(content.toArray()));
    archive.put(outline.bodyId(), content);
    return outline.bodyId();
  }

  boolean holds(Bytes body) {
    try {
      return Outline.read(containers.path(body)).bodyId().equals(body);
    } catch (IOException torn) {
      return false;
    }
  }

  /** The next so many requests for a container are answered with another one. */
  void swap(int n) {
    stale = n;
  }

  /** What an instance that must restore this body is given. */
  Optional<Bytes> container(Bytes body) {
    if (stale > 0 && !archive.isEmpty()) {
      stale--;
      Bytes other = chance.of(List.copyOf(archive.keySet()));
      if (!other.equals(body)) {
        world.struck(Fault.OLD_CONTAINER.name());
      }
      return Optional.ofNullable(archive.get(other));
    }
    try (FileChannel file = FileChannel.open(containers.path(body))) {
      ByteBuffer all = ByteBuffer.allocate((int) file.size());
      file.read(all, 0);
      return Optional.of(Bytes.wrap(all.array()));
    } catch (IOException missing) {
      return world.wiring.keepsContainers()
          ? Optional.ofNullable(archive.get(body))
          : Optional.empty();
    }
  }
}
