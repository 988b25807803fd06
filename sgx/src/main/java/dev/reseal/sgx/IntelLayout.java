package dev.reseal.sgx;

import java.util.ArrayList;
import java.util.List;

/**
 * The layout table of a metadata block: heap, stacks, thread data and guard areas behind the ELF
 * segments (linux-sgx {@code layout_t}).
 */
final class IntelLayout {
  static final int RECORD = 32;
  private static final int GROUP = 0x1000;
  private static final int ADD = 1;
  private static final int EXTEND = 2;

  /** One row of the table. */
  sealed interface Row {}

  /** An area of {@code pages} pages; {@code contentOffset} 0 means that they hold a pattern. */
  record Area(
      int attributes, long pages, long rva, long contentSize, long contentOffset, long flags)
      implements Row {
    boolean added() {
      return (attributes & ADD) != 0;
    }

    boolean measured() {
      return (attributes & EXTEND) != 0;
    }
  }

  /** Repeats the {@code rows} rows before it {@code times} times, {@code step} bytes apart. */
  record Group(int rows, long times, long step) implements Row {}

  /** Takes an area, displaced by {@code delta} bytes. */
  interface Visitor {
    void area(Area area, long delta) throws MalformedException;
  }

  private final Content block;
  private final List<Row> rows;
  private final long mostVisits;
  private long visits;

  private IntelLayout(Content block, List<Row> rows, long mostVisits) {
    this.block = block;
    this.rows = rows;
    this.mostVisits = mostVisits;
  }

  /** {@code mostVisits} bounds the repetitions, which nest. */
  static IntelLayout parse(Content block, IntelMetadata.Directory table, long mostVisits)
      throws MalformedException {
    List<Row> rows = new ArrayList<>();
    for (long at = table.offset(); at + RECORD <= table.offset() + table.size(); at += RECORD) {
      int id = block.u16(at, "layout id");
      if ((id & GROUP) == 0) {
        rows.add(
            new Area(
                block.u16(at + 2, "layout attributes"),
                block.u32(at + 4, "page_count"),
                block.amount(at + 8, "rva"),
                block.u32(at + 16, "content_size"),
                block.u32(at + 20, "content_offset"),
                block.u64(at + 24, "si_flags")));
      } else {
        int count = block.u16(at + 2, "entry_count");
        if (count > rows.size()) {
          throw block.malformed(
              at + 2, "group of " + count + " rows", "at most the " + rows.size() + " before it");
        }
        rows.add(
            new Group(count, block.u32(at + 4, "load_times"), block.amount(at + 8, "load_step")));
      }
    }
    return new IntelLayout(block, List.copyOf(rows), mostVisits);
  }

  void forEach(Visitor visitor) throws MalformedException {
    visits = 0;
    walk(0, rows.size(), 0, visitor);
  }

  private void walk(int first, int last, long delta, Visitor visitor) throws MalformedException {
    for (int i = first; i < last; i++) {
      visited();
      switch (rows.get(i)) {
        case Area area -> visitor.area(area, delta);
        case Group(int count, long times, long step) -> {
          for (long k = 1; k <= times; k++) {
            visited(); // a group may repeat no row at all, four billion times
            walk(i - count, i, step * k, visitor);
          }
        }
      }
    }
  }

  private void visited() throws MalformedException {
    if (++visits > mostVisits) {
      throw block.malformed(
          0, "a layout table of more than " + mostVisits + " areas", "fewer repetitions");
    }
  }
}
