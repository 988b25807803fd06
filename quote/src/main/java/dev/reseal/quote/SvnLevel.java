package dev.reseal.quote;

import dev.reseal.sgx.MalformedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * From which security version on an enclave or TDX module has which status.
 *
 * @param status as the signed text has it
 */
record SvnLevel(int isvSvn, Instant tcbDate, String status, List<String> advisories) {
  SvnLevel {
    advisories = List.copyOf(advisories);
  }

  static List<SvnLevel> readAll(Json.Obj in) throws MalformedException {
    List<SvnLevel> levels = new ArrayList<>();
    for (Json item : in.list("tcbLevels")) {
      if (!(item instanceof Json.Obj level)) {
        throw new MalformedException("tcbLevels", in.from(), "another value", "objects");
      }
      int svn = level.object("tcb").number("isvsvn", 0xffff);
      if (levels.stream().anyMatch(other -> other.isvSvn == svn)) {
        throw new MalformedException("tcbLevels", level.from(), "isvsvn " + svn + " twice", "once");
      }
      levels.add(
          new SvnLevel(
              svn,
              SignedJson.instant(level, "tcbDate"),
              level.text("tcbStatus"),
              level.texts("advisoryIDs")));
    }
    if (levels.isEmpty()) {
      throw new MalformedException("tcbLevels", in.from(), "no level", "at least one");
    }
    levels.sort(java.util.Comparator.comparingInt(SvnLevel::isvSvn).reversed());
    return List.copyOf(levels);
  }

  /** The highest level that {@code svn} reaches. */
  static Optional<SvnLevel> select(List<SvnLevel> levels, int svn) {
    return levels.stream().filter(level -> level.isvSvn <= svn).findFirst();
  }
}
