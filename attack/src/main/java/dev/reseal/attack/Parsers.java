package dev.reseal.attack;

import dev.reseal.attack.Attack.Baseline.Falls;
import dev.reseal.attack.Attack.Defence.Rule;
import dev.reseal.attack.Attack.Live;
import dev.reseal.bytes.Bytes;
import dev.reseal.collateral.CollateralFiles;
import dev.reseal.quote.Collateral;
import dev.reseal.quote.Collateral.Part;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Bytes that nobody has verified yet: A29 to A31. */
final class Parsers {
  private static final long MOST_CPU_NS = 250_000_000;
  private static final int QE_AUTH_AT = 48 + 384 + 4 + 64 + 64 + 384 + 64;
  private static final int AUTH_AT = 48 + 384;

  private Parsers() {}

  static List<Attack> rows() {
    return List.of(
        new Live(
            "A29",
            false,
            "put an ASN.1 bomb into a certificate or a revocation list",
            new Falls(_ -> NaiveParsers.readOnAThread(Bombs.nested())),
            new Rule("pck-chain, crl"),
            Parsers::bombs),
        new Live(
            "A30",
            false,
            "say things twice, too deep or too long in TCB info",
            new Falls(Parsers::saidTwice),
            new Rule("collateral-format"),
            Parsers::malformedFiles),
        new Live(
            "A31",
            false,
            "lie about lengths in a quote",
            new Falls(Parsers::believedLength),
            new Rule("quote-format, certification-data"),
            Parsers::lyingLengths));
  }

  private static Collateral collateral(Stage stage) throws IOException {
    try {
      return CollateralFiles.load(stage.platform().resolve("collateral"));
    } catch (dev.reseal.sgx.MalformedException unreadable) {
      throw new IOException(unreadable);
    }
  }

  private static Collateral with(Collateral all, Part part, Bytes content) {
    Map<Part, Bytes> parts = new HashMap<>(all.parts());
    parts.put(part, content);
    return new Collateral(parts);
  }

  /** The verdict, which must not cost more processor time than a small bound. */
  private static Ending cheaply(Stage stage, Bytes quote, Collateral collateral) {
    var threads = ManagementFactory.getThreadMXBean();
    long begun = threads.getCurrentThreadCpuTime();
    Ending ending = Collaterals.verdict(stage, quote, collateral);
    long took = threads.getCurrentThreadCpuTime() - begun;
    return took > MOST_CPU_NS
        ? new Ending.Won("a verdict took " + took / 1_000_000 + " ms of processor time")
        : ending;
  }

  private static Ending bombs(Stage stage) throws IOException {
    Bytes quote = new NaiveEnclave(stage.machine()).quote;
    Collateral mine = collateral(stage);
    Collaterals.verdict(stage, quote, mine);
    List<Ending> endings = new ArrayList<>();
    int pemAt = pemAt(quote);
    String pem = text(quote.slice(pemAt, quote.size() - pemAt));
    for (Bytes leaf : Bombs.inEveryField(firstCertificate(pem))) {
      endings.add(cheaply(stage, withChain(quote, withLeaf(pem, leaf)), mine));
    }
    for (Part part : List.of(Part.PCK_CRL, Part.ROOT_CA_CRL)) {
      for (Bytes crl : Bombs.inEveryField(mine.part(part).orElseThrow())) {
        endings.add(cheaply(stage, quote, with(mine, part, crl)));
      }
    }
    return counted(endings, "certificates and lists");
  }

  /** All of them, with how many there were instead of every detail. */
  private static Ending counted(List<Ending> endings, String what) {
    return Endings.all(endings) instanceof Ending.Refused(String rule, String _)
        ? new Ending.Refused(rule, "each of " + endings.size() + " " + what)
        : Endings.all(endings);
  }

  private static String text(Bytes bytes) {
    return new String(bytes.toArray(), StandardCharsets.ISO_8859_1);
  }

  private static Bytes firstCertificate(String pem) {
    String body = pem.substring(pem.indexOf("-\n") + 2, pem.indexOf("\n-----END"));
    return Bytes.wrap(Base64.getMimeDecoder().decode(body));
  }

  private static String withLeaf(String pem, Bytes leaf) {
    String base64 = Base64.getMimeEncoder().encodeToString(leaf.toArray());
    return pem.substring(0, pem.indexOf("-\n") + 2)
        + base64
        + pem.substring(pem.indexOf("\n-----END"));
  }

  private static int number(Bytes quote, int at, int size) {
    int value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | (quote.at(at + i) & 0xff);
    }
    return value;
  }

  /** The same with another number, little-endian, in that place. */
  private static Bytes withNumber(Bytes quote, int at, int size, int value) {
    byte[] all = quote.toArray();
    for (int i = 0; i < size; i++) {
      all[at + i] = (byte) (value >>> (8 * i));
    }
    return Bytes.wrap(all);
  }

  /** Where the certification data's type is; four bytes of length follow it. */
  private static int typeAt(Bytes quote) {
    return QE_AUTH_AT + 2 + number(quote, QE_AUTH_AT, 2);
  }

  private static int pemAt(Bytes quote) {
    return typeAt(quote) + 2 + 4;
  }

  /** The quote with another chain; lengths fit. */
  private static Bytes withChain(Bytes quote, String pem) {
    Bytes chain = Bytes.wrap(pem.getBytes(StandardCharsets.ISO_8859_1));
    Bytes whole = Bytes.concat(quote.slice(0, pemAt(quote)), chain);
    Bytes fits = withNumber(whole, typeAt(quote) + 2, 4, chain.size());
    return withNumber(fits, AUTH_AT, 4, whole.size() - AUTH_AT - 4);
  }

  private static Ending saidTwice(Stage stage) throws Exception {
    Collaterals.Place place = Collaterals.outOfDate(stage);
    Collateral mine = CollateralFiles.load(place.folder().resolve("collateral"));
    Bytes chain = mine.part(Part.TCB_INFO_ISSUER_CHAIN).orElseThrow();
    String genuine = text(mine.part(Part.TCB_INFO).orElseThrow());
    String twice = genuine.substring(0, genuine.length() - 1) + "," + second(genuine) + "}";
    String before = NaiveParsers.tcbStatus(genuine, chain);
    String after = NaiveParsers.tcbStatus(twice, chain);
    return !before.equals("UpToDate") && after.equals("UpToDate")
        ? new Ending.Won("a TCB that is " + before + " passes for UpToDate, signature and all")
        : new Ending.Harmless(before + ", then " + after);
  }

  /** Another member tcbInfo, which nobody signed. */
  private static String second(String genuine) {
    String inner = genuine.substring(1, genuine.indexOf(",\"signature\""));
    return inner.replaceAll("\"tcbStatus\":\"\\w+\"", "\"tcbStatus\":\"UpToDate\"");
  }

  private static Ending malformedFiles(Stage stage) throws IOException {
    Bytes quote = new NaiveEnclave(stage.machine()).quote;
    Collateral mine = collateral(stage);
    Collaterals.verdict(stage, quote, mine);
    String genuine = text(mine.part(Part.TCB_INFO).orElseThrow());
    List<Ending> endings = new ArrayList<>();
    for (String file : malformed(genuine)) {
      Bytes bytes = Bytes.wrap(file.getBytes(StandardCharsets.ISO_8859_1));
      endings.add(cheaply(stage, quote, with(mine, Part.TCB_INFO, bytes)));
    }
    return counted(endings, "files");
  }

  /** Each bomb in the place of each of ten values, and what can be wrong with a file as a whole. */
  private static List<String> malformed(String genuine) {
    List<String> files = new ArrayList<>();
    for (String bomb : Bombs.json()) {
      for (int i = 0, at = 0; i < 10; i++) {
        at = genuine.indexOf("\":", at) + 2;
        files.add(genuine.substring(0, at) + bomb + genuine.substring(valueEnd(genuine, at)));
      }
    }
    files.add(genuine.substring(0, genuine.length() - 1) + "," + second(genuine) + "}");
    files.add(genuine + genuine);
    files.add(genuine + "\0");
    files.add(genuine.replace("SGX", "S\u00c0\u0080X"));
    files.add(genuine.replaceAll("(.)", "\0$1")); // UTF-16
    files.add("[" + genuine + "]");
    files.add("");
    return files;
  }

  /** The end of a value that starts there; of an object or array the end of its first value. */
  private static int valueEnd(String text, int from) {
    int at = from;
    while (",}]".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return at;
  }

  private static Ending believedLength(Stage stage) {
    Bytes quote = new NaiveEnclave(stage.machine()).quote;
    Bytes lying = withNumber(quote, typeAt(quote) + 2, 4, Integer.MAX_VALUE - 8);
    try {
      byte[] data = NaiveParsers.certificationData(lying);
      return new Ending.Harmless(data.length + " bytes were read");
    } catch (OutOfMemoryError spent) {
      return new Ending.Won(
          "a quote of " + quote.size() + " bytes took all memory: " + spent.getMessage());
    }
  }

  private static Ending lyingLengths(Stage stage) throws IOException {
    Bytes quote = new NaiveEnclave(stage.machine()).quote;
    Collateral mine = collateral(stage);
    Bytes padded = Bytes.concat(quote, Bytes.zeros(8));
    if (!(Collaterals.verdict(stage, padded, mine) instanceof Ending.Won)) {
      return new Ending.Harmless("a genuine quote is refused: nothing was tried");
    }
    List<Ending> endings = new ArrayList<>();
    for (int size = 0; size < quote.size(); size++) {
      endings.add(cheaply(stage, quote.slice(0, size), mine));
    }
    int[][] lengths = {{AUTH_AT, 4}, {QE_AUTH_AT, 2}, {typeAt(quote) + 2, 4}};
    for (int by : new int[] {-1, 1, 0x7fff_ffff}) {
      for (int[] length : lengths) {
        int lie = number(padded, length[0], length[1]) + by;
        endings.add(cheaply(stage, withNumber(padded, length[0], length[1], lie), mine));
      }
    }
    endings.add(cheaply(stage, withNumber(quote, typeAt(quote), 2, 6), mine));
    return counted(endings, "quotes");
  }
}
