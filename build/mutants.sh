#!/bin/sh
# Sums up PIT's mutations.csv (the argument): a row for each class, then the mutants that no test noticed.
set -eu
sort "$1" | awk -F, '
  { class = $2; sub(/.*\./, "", class); sub(/\$.*/, "", class)
    if (!(class in made)) { order[++classes] = class }
    made[class]++; total++; count[class, $6]++; sum[$6]++
    if ($6 != "KILLED") { mutator = $3; sub(/.*\./, "", mutator); sub(/Mutator$/, "", mutator)
      left[++lefts] = class "." $4 " line " $5 ": " mutator ", " tolower($6) } }
  END {
    print "| class | mutants | killed | survived | no test reaches it | timed out |\n|---|---|---|---|---|---|"
    for (i = 1; i <= classes; i++) { c = order[i]
      printf "| `%s` | %d | %d | %d | %d | %d |\n", c, made[c], count[c, "KILLED"], count[c, "SURVIVED"], count[c, "NO_COVERAGE"], count[c, "TIMED_OUT"] }
    printf "| all | %d | %d | %d | %d | %d |\n", total, sum["KILLED"], sum["SURVIVED"], sum["NO_COVERAGE"], sum["TIMED_OUT"]
    for (i = 1; i <= lefts; i++) print left[i] }'
