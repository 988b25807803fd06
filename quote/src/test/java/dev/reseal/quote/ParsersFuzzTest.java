package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.reseal.bytes.Bytes;
import dev.reseal.fixtures.Budget;
import dev.reseal.sgx.MalformedException;
import java.util.List;

/**
 * Whatever bytes come, each reader answers or throws {@link MalformedException}, within its budget.
 * Replays its inputs; {@code JAZZER_FUZZ=1}, one method at a time, looks for new ones.
 */
class ParsersFuzzTest {
  /** Reads some bytes. */
  interface Reader {
    Object read(Bytes bytes) throws MalformedException;
  }

  @FuzzTest(maxDuration = "10m")
  void quote(byte[] input) {
    bounded(input, Quote::parse);
  }

  @FuzzTest(maxDuration = "10m")
  void certificate(byte[] input) {
    bounded(input, bytes -> Certificate.parse("certificate", bytes.toArray()));
  }

  @FuzzTest(maxDuration = "10m")
  void chain(byte[] input) {
    bounded(input, bytes -> Certificate.chain("chain", bytes, 3));
  }

  @FuzzTest(maxDuration = "10m")
  void revocationList(byte[] input) {
    bounded(input, bytes -> Crl.parse("CRL", bytes));
  }

  @FuzzTest(maxDuration = "10m")
  void tcbInfo(byte[] input) {
    bounded(input, bytes -> TcbInfo.read(SignedJson.parse(List.of("tcbInfo"), bytes).value()));
  }

  @FuzzTest(maxDuration = "10m")
  void qeIdentity(byte[] input) {
    bounded(
        input,
        bytes ->
            QeIdentity.read(
                SignedJson.parse(List.of("enclaveIdentity", "qeIdentity"), bytes).value()));
  }

  @FuzzTest(maxDuration = "10m")
  void policy(byte[] input) {
    bounded(input, PolicyFile::parse);
  }

  static void bounded(byte[] input, Reader reader) {
    Budget.keeps(
        input,
        () -> {
          try {
            assertThat(reader.read(Bytes.of(input))).isNotNull();
          } catch (MalformedException refused) {
            assertThat(refused.expected()).isNotEmpty();
          }
        });
  }
}
