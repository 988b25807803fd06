package dev.reseal.authority;

import java.util.Optional;

/** An anchor without a disk, for simulations. */
public final class MemoryAnchor implements Anchor {
  private Optional<Mark> mark = Optional.empty();

  @Override
  public Optional<Mark> read() {
    return mark;
  }

  @Override
  public void advance(Optional<Mark> from, Mark to) {
    if (!mark.equals(from)) {
      throw new StoreException("the anchor is at " + mark + ", expected " + from);
    }
    mark = Optional.of(to);
  }
}
