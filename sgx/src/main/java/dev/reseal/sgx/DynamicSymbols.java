package dev.reseal.sgx;

import dev.reseal.bytes.Bytes;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The dynamic symbol table of an ELF file ({@code .dynsym}, {@code .dynstr}). */
final class DynamicSymbols {
  private static final int SYMBOL = 24;
  private static final int MOST = 1 << 16;
  private static final int LONGEST_NAME = 64;

  private final Content file;
  private final ElfFile.Section table;
  private final Map<String, Long> values = new HashMap<>();

  private DynamicSymbols(Content file, ElfFile.Section table) {
    this.file = file;
    this.table = table;
  }

  /** Reads all symbols with names of up to 64 bytes; empty if the file has no such table. */
  static Optional<DynamicSymbols> read(Content file, ElfFile elf) throws MalformedException {
    Optional<ElfFile.Section> table = elf.section(".dynsym");
    Optional<ElfFile.Section> names = elf.section(".dynstr");
    if (table.isEmpty() || names.isEmpty()) {
      return Optional.empty();
    }
    file.require(table.get().offset(), table.get().size(), ".dynsym");
    file.require(names.get().offset(), names.get().size(), ".dynstr");
    if (table.get().size() / SYMBOL > MOST) {
      throw file.malformed(
          table.get().offset(), table.get().size() / SYMBOL + " symbols", "at most " + MOST);
    }
    DynamicSymbols symbols = new DynamicSymbols(file, table.get());
    for (long at = 0; at + SYMBOL <= table.get().size(); at += SYMBOL) {
      long symbol = table.get().offset() + at;
      long name = file.u32(symbol, "st_name");
      if (name < names.get().size()) {
        long room = Math.min(LONGEST_NAME, names.get().size() - name);
        symbols.add(names.get().offset() + name, (int) room, file.u64(symbol + 8, "st_value"));
      }
    }
    return Optional.of(symbols);
  }

  private void add(long at, int room, long value) throws MalformedException {
    Bytes name = file.bytes(at, room, "symbol name");
    for (int i = 0; i < name.size(); i++) {
      if (name.at(i) == 0) {
        StringBuilder text = new StringBuilder();
        for (int k = 0; k < i; k++) {
          text.append((char) (name.at(k) & 0xFF));
        }
        values.putIfAbsent(text.toString(), value);
        return;
      }
    }
  }

  Optional<Long> value(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** Value of the symbol with this number, as relocations name it. */
  long value(long index) throws MalformedException {
    if (index < 0 || index >= table.size() / SYMBOL) {
      throw file.malformed(
          table.offset(), "symbol " + index, "one of " + table.size() / SYMBOL + " symbols");
    }
    return file.u64(table.offset() + index * SYMBOL + 8, "st_value");
  }
}
