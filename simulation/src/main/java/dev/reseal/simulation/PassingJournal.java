package dev.reseal.simulation;

import dev.reseal.journal.Entry;
import dev.reseal.journal.Journal;
import java.util.List;

/** A journal that passes on all but what is written, for whoever stands in front of that. */
interface PassingJournal extends Journal {
  Journal inner();

  @Override
  default List<Entry> entries() {
    return inner().entries();
  }

  @Override
  default void forget() {
    inner().forget();
  }

  @Override
  default void close() {
    inner().close();
  }
}
