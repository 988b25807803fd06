package dev.reseal.cli;

import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.CollateralFiles;
import dev.reseal.quote.AppraisalPolicy;
import dev.reseal.quote.Circumstances;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Json;
import dev.reseal.quote.Quote;
import dev.reseal.quote.Reason;
import dev.reseal.quote.Verdict;
import dev.reseal.quote.Verifier;
import dev.reseal.sgx.MalformedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Many quotes in one process: JSON lines {@code {"id","quote","collateral","at"}} in, one JSON line
 * out for each, in order. A line that cannot be judged gets an error and spoils the exit code only.
 */
record VerifyBatch(Verifier verifier, AppraisalPolicy policy, Instant now) {
  private static final int MAX_LINE = 1 << 16;

  /** Whether every line was judged. */
  boolean run(BufferedReader lines, PrintWriter out) throws IOException {
    boolean whole = true;
    int number = 0;
    for (Optional<String> line = next(lines); line.isPresent(); line = next(lines)) {
      number++;
      if (line.get().isBlank()) {
        continue;
      }
      Map<String, Object> answer = answer(line.get(), number);
      whole &= !answer.containsKey("error");
      out.println(JsonLine.of(answer));
      out.flush();
    }
    return whole;
  }

  /** The next line, at most one character longer than allowed: the rest of it is dropped. */
  private static Optional<String> next(BufferedReader lines) throws IOException {
    StringBuilder line = new StringBuilder();
    int character = lines.read();
    if (character < 0) {
      return Optional.empty();
    }
    for (; character >= 0 && character != '\n'; character = lines.read()) {
      if (line.length() <= MAX_LINE) {
        line.append((char) character);
      }
    }
    return Optional.of(line.toString());
  }

  private Map<String, Object> answer(String line, int number) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", "line " + number);
    try {
      if (line.length() > MAX_LINE) {
        throw new MalformedException(
            "batch line", MAX_LINE, "a longer line", "at most " + MAX_LINE + " characters");
      }
      Json.Obj in = Json.parse("batch line", Bytes.wrap(line.getBytes(StandardCharsets.UTF_8)));
      answer.put("id", in.text("id"));
      Instant at = in.has("at") ? Instant.parse(in.text("at")) : now;
      Verdict verdict = judge(in, at);
      answer.putAll(VerifiedFacts.of(verdict, policy, Circumstances.admission(at)).facts());
    } catch (MalformedException | IOException | DateTimeException | InvalidPathException bad) {
      answer.put("error", String.valueOf(bad.getMessage()));
    }
    return answer;
  }

  private Verdict judge(Json.Obj in, Instant at) throws IOException, MalformedException {
    Bytes quote = CollateralFiles.read(Path.of(in.text("quote")), Quote.MAX_SIZE);
    if (!in.has("collateral")) {
      return verifier.verify(quote, new Collateral(Map.of()), at);
    }
    return judge(verifier, quote, Path.of(in.text("collateral")), at);
  }

  /** A bundle that is no collateral is a refusal, an unreadable one a failure of the world. */
  static Verdict judge(Verifier verifier, Bytes quote, Path collateral, Instant at)
      throws IOException {
    try {
      return verifier.verify(quote, CollateralFiles.load(collateral), at);
    } catch (MalformedException bad) {
      return new Verdict.Refused(Reason.COLLATERAL_FORMAT, bad.what(), bad.found(), bad.expected());
    }
  }
}
