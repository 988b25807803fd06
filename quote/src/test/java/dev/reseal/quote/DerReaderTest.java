package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import java.math.BigInteger;
import java.time.Instant;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DER in one form only: each limit from both sides. */
class DerReaderTest {
  private static DerReader of(String hex) {
    return DerReader.of("test", Bytes.hex(hex).toArray());
  }

  private static void refused(int offset, String found, ThrowingCallable read) {
    assertThatThrownBy(read)
        .isInstanceOfSatisfying(
            MalformedException.class,
            bad -> {
              assertThat(bad.offset()).isEqualTo(offset);
              assertThat(bad.found()).contains(found);
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x10001})
  void aLengthHasItsShortestForm(int size) throws MalformedException {
    String length =
        size < 0x80
            ? "%02x".formatted(size)
            : size < 0x100
                ? "81%02x".formatted(size)
                : size < 0x10000 ? "82%04x".formatted(size) : "83%06x".formatted(size);
    Bytes content = Bytes.zeros(size);
    DerReader in = DerReader.of("test", Bytes.concat(Bytes.hex("04" + length), content).toArray());
    assertThat(in.octets(size)).isEqualTo(content);
    in.end();
    assertThat(in.position()).isEqualTo(1 + length.length() / 2 + size);
  }

  @Test
  void otherLengthsAreRefused() {
    refused(0, "the end", () -> of("").enter(4));
    refused(0, "tag 0x05", () -> of("0500").enter(4));
    refused(1, "the end", () -> of("04").enter(4));
    refused(0, "a length of 2", () -> of("040201").enter(4));
    refused(1, "0 bytes", () -> of("0480").enter(4));
    refused(1, "4 bytes", () -> of("048400000001ff").enter(4));
    refused(1, "1 bytes", () -> of("0481").enter(4));
    refused(1, "3 bytes", () -> of("04830101").enter(4));
    refused(1, "more bytes than needed", () -> of("04817f" + "00".repeat(0x7f)).enter(4));
    refused(1, "more bytes than needed", () -> of("04820080" + "00".repeat(0x80)).enter(4));
    refused(1, "more bytes than needed", () -> of("048300ffff" + "00".repeat(0xffff)).enter(4));
  }

  @Test
  void anElementIsSkippedWhole() throws MalformedException {
    DerReader in = of("0401ff0500");
    assertThat(in.element()).isEqualTo(Bytes.hex("0401ff"));
    assertThat(in.position()).isEqualTo(3);
    assertThat(in.next(5)).isTrue();
    assertThat(in.hasMore()).isTrue();
    in.skip();
    assertThat(in.hasMore()).isFalse();
    assertThat(in.peek()).isEqualTo(-1);
    refused(5, "the end", in::skip);
    refused(0, "several bytes", () -> of("1f8100").skip());
    refused(0, "several bytes", () -> of("bf8100").skip());
    refused(0, "2 more bytes", () -> of("0500").end());
  }

  @Test
  void aRefusalSaysWhatIsLeft() throws MalformedException {
    DerReader in = of("05000500");
    in.skip();
    refused(2, "2 more bytes", in::end);
    refused(0, "tag 0x00", () -> of("0000").enter(4));
    in.skip();
    DerReader last = of("0500040201");
    last.skip();
    assertThatThrownBy(() -> last.enter(4)).hasMessageContaining("at most the 1 bytes left");
  }

  @Test
  void integersAreShort() throws MalformedException {
    assertThat(of("02020080").integer()).isEqualTo(BigInteger.valueOf(128));
    assertThat(of("0202ff7f").integer()).isEqualTo(BigInteger.valueOf(-129));
    assertThat(of("020100").integer()).isZero();
    assertThat(of("0240" + "7f".repeat(64)).integer()).isPositive();
    refused(0, "65 bytes", () -> of("0241" + "7f".repeat(65)).integer());
    refused(0, "0 bytes", () -> of("0200").integer());
    assertThat(of("0202ff00").integer()).isEqualTo(BigInteger.valueOf(-256));
    refused(0, "padding", () -> of("0202007f").integer());
    refused(0, "padding", () -> of("02020000").integer());
    refused(0, "padding", () -> of("0202ff80").integer());
    assertThat(of("020107").small(7)).isEqualTo(7);
    refused(0, "8", () -> of("020108").small(7));
    refused(0, "-1", () -> of("0201ff").small(7));
    assertThat(of("0a0102").enumerated(2)).isEqualTo(2);
    refused(0, "3", () -> of("0a0103").enumerated(2));
  }

  @Test
  void flagsAndBooleansHaveOneForm() throws MalformedException {
    assertThat(of("03020780").flagBits()).isEqualTo(0x8000);
    assertThat(of("030300ff01").flagBits()).isEqualTo(0xff01);
    refused(3, "1 bytes", () -> of("030100").flagBits());
    refused(6, "4 bytes", () -> of("030400000000").flagBits());
    refused(4, "2 bytes", () -> of("03020880").flagBits());
    assertThat(of("0302004f").bits()).isEqualTo(Bytes.hex("4f"));
    refused(2, "other form", () -> of("0302014f").bits());
    refused(2, "other form", () -> of("0300").bits());
    assertThat(of("0101ff").bool()).isTrue();
    assertThat(of("010100").bool()).isFalse();
    refused(0, "other form", () -> of("010101").bool());
    refused(0, "other form", () -> of("0102ffff").bool());
    refused(4, "2 bytes", () -> of("04020000").octets(3));
  }

  @ParameterizedTest
  @CsvSource({
    "17, 491231235959Z, 2049-12-31T23:59:59Z",
    "17, 500101000000Z, 1950-01-01T00:00:00Z",
    "18, 20500101000000Z, 2050-01-01T00:00:00Z",
    "18, 19990203040506Z, 1999-02-03T04:05:06Z"
  })
  void timesAreInUtcWithSeconds(String tag, String text, Instant at) throws MalformedException {
    assertThat(time(tag, text).time()).isEqualTo(at);
  }

  private static DerReader time(String tag, String text) {
    return of(tag + "%02x".formatted(text.length()) + Bytes.ascii(text).toHex());
  }

  @Test
  void otherTimesAreRefused() {
    refused(0, "tag 0x04", () -> of("0400").time());
    refused(0, "other form", () -> time("17", "2602030405Z").time());
    refused(0, "other form", () -> time("17", "260203040506X").time());
    refused(0, "other form", () -> time("18", "260203040506Z").time());
    refused(0, "does not exist", () -> time("17", "260230040506Z").time());
    refused(8, "byte 0x2f", () -> time("17", "260203/40506Z").time());
    refused(9, "byte 0x3a", () -> time("17", "2602030:0506Z").time());
  }
}
