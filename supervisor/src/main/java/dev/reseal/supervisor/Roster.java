package dev.reseal.supervisor;

import dev.reseal.bytes.Bytes;
import dev.reseal.platform.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** The instances of this lineage, each with a directory of its own for logs and its id. */
final class Roster {
  private static final Pattern HANDLE = Pattern.compile("[0-9a-f]{16}");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path directory;
  private final ConcurrentHashMap<String, Link> links = new ConcurrentHashMap<>();

  Roster(Path directory) {
    this.directory = directory;
  }

  /** A link whose instance is about to be created; its first call may come before that returns. */
  Link add() throws IOException {
    byte[] name = new byte[8];
    RANDOM.nextBytes(name);
    Link link = new Link(Bytes.wrap(name).toHex());
    Files.createDirectories(logs(link.handle()));
    links.put(link.handle(), link);
    return link;
  }

  /** Links for what the platform says is alive; those it no longer lists are dropped. */
  List<Link> refresh(Platform platform) {
    List<Platform.Instance> alive =
        platform.list().stream().filter(i -> directory.equals(i.logs().getParent())).toList();
    for (Platform.Instance instance : alive) {
      String handle = instance.logs().getFileName().toString();
      if (HANDLE.matcher(handle).matches()) {
        Link link = links.computeIfAbsent(handle, this::remembered);
        link.created(instance.handle(), instance.pid());
      }
    }
    List<String> handles =
        alive.stream().map(instance -> instance.logs().getFileName().toString()).toList();
    links.keySet().retainAll(handles);
    return List.copyOf(links.values());
  }

  Optional<Link> find(String handle) {
    return Optional.ofNullable(links.get(handle));
  }

  Collection<Link> all() {
    return List.copyOf(links.values());
  }

  void remove(String handle) {
    links.remove(handle);
  }

  Path logs(String handle) {
    return directory.resolve(handle);
  }

  /** The id outlives a restart of the supervisor, also when the instance stays silent. */
  void born(Link link, Bytes instanceId) throws IOException {
    Files.writeString(logs(link.handle()).resolve("instance_id"), instanceId.toHex());
    link.born(instanceId);
  }

  private Link remembered(String handle) {
    Link link = new Link(handle);
    Path file = logs(handle).resolve("instance_id");
    if (Files.exists(file)) {
      try {
        link.born(Bytes.hex(Files.readString(file).strip()));
      } catch (IOException unreadable) {
        throw new UncheckedIOException("cannot read " + file, unreadable);
      }
    }
    return link;
  }
}
