package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.MalformedException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes of certification data. */
class CertificationDataTest {
  private static CertificationData read(int type, int size) throws MalformedException {
    Bytes header = Bytes.of(new byte[] {(byte) type, 0, (byte) size, (byte) (size >> 8), 0, 0});
    return CertificationData.read(
        new LittleEndianReader("test", Bytes.concat(header, Bytes.zeros(size))));
  }

  @ParameterizedTest
  @CsvSource({"1,34", "1,36", "2,276", "3,404", "4,5", "5,0", "6,7", "7,9"})
  void theSizeOfATypeIsRead(int type, int size) throws MalformedException {
    assertThat(read(type, size)).isEqualTo(new CertificationData(type, Bytes.zeros(size)));
  }

  @ParameterizedTest
  @CsvSource({"0,34", "1,33", "1,35", "1,37", "2,275", "2,404", "3,276", "3,405", "8,0"})
  void otherSizesAndTypesAreRefused(int type, int size) {
    assertThatThrownBy(() -> read(type, size))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("type " + type + " with " + size + " bytes");
  }
}
