package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.nio.charset.Charset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Strict JSON: what is read, and that everything else is refused with its place. */
class JsonTest {
  private static Json.Obj parse(String text) throws MalformedException {
    return Json.parse("test", Bytes.ascii(text));
  }

  @Test
  void everyKindOfValueIsRead() throws MalformedException {
    String text =
        " {\"t\":\"x\",\"n\":7,\"b\":true,\"c\":false,\"z\":null,\"a\":[\"p\",\"q\"],\"o\":{}} ";
    Json.Obj all = parse(text);
    assertThat(all.text("t")).isEqualTo("x");
    assertThat(all.number("n", 7)).isEqualTo(7);
    assertThat(all.need("b")).isEqualTo(new Json.Bool(true));
    assertThat(all.need("c")).isEqualTo(new Json.Bool(false));
    assertThat(all.need("z")).isEqualTo(new Json.Null());
    assertThat(all.texts("a")).containsExactly("p", "q");
    assertThat(all.texts("none")).isEmpty();
    assertThat(all.list("a")).hasSize(2);
    assertThat(all.object("o").members()).isEmpty();
    assertThat(all.member("o")).isPresent();
    assertThat(all.member("none")).isEmpty();
    assertThat(all.from()).isEqualTo(1);
    assertThat(all.to()).isEqualTo(text.length() - 1);
  }

  @Test
  void aRefusalSaysWhere() {
    assertThatThrownBy(() -> parse("{\"a\": }"))
        .isInstanceOfSatisfying(
            MalformedException.class, bad -> assertThat(bad.offset()).isGreaterThan(4));
  }

  @Test
  void levelsAreObjectsAndDatesAreInUtc() throws MalformedException {
    Json.Obj in =
        parse(
            "{\"tcbLevels\":[1],\"z\":\"2026-05-01T00:00:00Z\",\"o\":\"2026-05-01T00:00:00+01:00\"}");
    assertThatThrownBy(() -> SvnLevel.readAll(in))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("objects");
    assertThat(SignedJson.instant(in, "z")).isEqualTo("2026-05-01T00:00:00Z");
    assertThatThrownBy(() -> SignedJson.instant(in, "o"))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("UTC");
  }

  @Test
  void numbersAndHexHaveLimits() throws MalformedException {
    Json.Obj in =
        parse("{\"n\":7,\"m\":-1,\"z\":0,\"h\":\"aBcd\",\"g\":\"zz\",\"l\":9223372036854775807}");
    assertThat(in.number("z", 0)).isZero();
    assertThat(in.hex("h", 2)).isEqualTo(Bytes.hex("abcd"));
    for (String name : new String[] {"n", "m", "h", "l"}) {
      assertThatThrownBy(() -> in.number(name, 6))
          .isInstanceOf(MalformedException.class)
          .hasMessageContaining(name)
          .hasMessageContaining("0 to 6");
    }
    assertThatThrownBy(() -> in.hex("h", 1)).hasMessageContaining("2 hex digits");
    assertThatThrownBy(() -> in.hex("g", 1)).hasMessageContaining("2 hex digits");
    assertThatThrownBy(() -> in.text("n")).hasMessageContaining("a string");
    assertThatThrownBy(() -> in.texts("n")).hasMessageContaining("an array");
    assertThatThrownBy(() -> in.object("n")).hasMessageContaining("an object");
    assertThatThrownBy(() -> in.text("none")).hasMessageContaining("no member none");
    assertThatThrownBy(() -> parse("{\"a\":[1]}").texts("a")).hasMessageContaining("strings");
    assertThatThrownBy(() -> parse(text(68)).number("t", 1))
        .hasMessageContaining("x".repeat(68) + "]")
        .hasMessageNotContaining("...");
    assertThatThrownBy(() -> parse(text(69)).number("t", 1))
        .hasMessageContaining("x".repeat(69) + "...");
    String shown = text(400);
    assertThatThrownBy(() -> parse(shown).number("t", 1))
        .satisfies(bad -> assertThat(String.valueOf(bad.getMessage()).length()).isLessThan(200));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "[]",
        "1",
        "{",
        "{}{}",
        "{} x",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1.0}",
        "{\"a\":1e3}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":9223372036854775808}",
        "{\"a\":tru}",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":[1,]}",
        "{\"a\":\"\t\"}",
        "{\"a\" 1}",
        "// x\n{}"
      })
  void whatIsNotStrictIsRefused(String text) {
    assertThatThrownBy(() -> parse(text)).isInstanceOf(MalformedException.class);
  }

  @Test
  void depthIsBounded() throws MalformedException {
    String deep = "{\"a\":".repeat(15) + "1" + "}".repeat(15);
    assertThat(parse(deep).has("a")).isTrue();
    assertThatThrownBy(() -> parse("{\"a\":" + "[".repeat(17) + "]".repeat(17) + "}"))
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> Json.parse("test", Bytes.hex("7b2261223a22ff227d")))
        .hasMessageContaining("UTF-8");
  }

  /** Signatures cover bytes: another encoding would be the same text from other bytes. */
  @Test
  void onlyUtf8WithoutAMarkIsRead() throws Exception {
    String text = "{\"a\":1}";
    for (String encoding : List.of("UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE")) {
      Bytes other = Bytes.wrap(text.getBytes(Charset.forName(encoding)));
      assertThatThrownBy(() -> Json.parse("test", other))
          .as(encoding)
          .isInstanceOf(MalformedException.class);
    }
    for (String hex : List.of("efbbbf7b7d", "7b2261223a22c080227d", "7b2261223a22eda080227d")) {
      assertThatThrownBy(() -> Json.parse("test", Bytes.hex(hex)))
          .as(hex)
          .isInstanceOf(MalformedException.class);
    }
    Json.Obj all = Json.parse("test", Bytes.hex("7b2261223a22c3a9f09d849e227d"));
    assertThat(all.text("a")).isEqualTo("\u00e9\ud834\udd1e");
    assertThat(all.to()).isEqualTo(14);
  }

  private static String text(int size) {
    return "{\"t\":\"%s\"}".formatted("x".repeat(size));
  }
}
