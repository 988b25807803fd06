package dev.reseal.supervisor;

import dev.reseal.journal.Journal;

/** Where somebody may stand between a supervisor's decisions and its disk and hands. */
public interface Seams {
  /** Nobody stands there: every supervisor that runs a service. */
  Seams NONE =
      new Seams() {
        @Override
        public Journal journal(Journal inner) {
          return inner;
        }

        @Override
        public Effects effects(Effects inner) {
          return inner;
        }
      };

  Journal journal(Journal inner);

  Effects effects(Effects inner);
}
