package dev.reseal.sgx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class IntelEnclaveTest {
  private static final SecInfo RW = SecInfo.regular(SecInfo.R | SecInfo.W);

  /** The same pages put together by hand, without the loader's code. */
  @Test
  void segmentsPatchesAndLayoutBecomeTheRightPages() throws MalformedException {
    Bytes code = new Samples(1).bytes(0x1100);
    Bytes data = new Samples(2).bytes(0x20);
    Bytes patch = Bytes.hex("aabbccdd");
    int at = ElfWriter.dataOffset(1, 2);
    int inFile = 64 + 2 * 56;
    Bytes file =
        new ElfWriter()
            .segment(ElfWriter.RX, 0, code, 0x1100)
            .segment(ElfWriter.RW, 0x2ff0, data, 0x1020)
            .block(
                1,
                5,
                0x8000,
                List.of(ElfWriter.patch(inFile + 0xFFE, at, 4)),
                List.of(
                    ElfWriter.area(1, 1, 1, 0x5000, 0, 0, RW.flags()),
                    ElfWriter.area(8, 3, 1, 0x6000, 0xCCCCCCCCL, 0, RW.flags())),
                patch)
            .signed(Samples.SIGNER, 1, 1, 0);

    byte[] patched = new byte[0x2000];
    System.arraycopy(code.toArray(), 0, patched, 0, 0x1100);
    System.arraycopy(patch.toArray(), 0, patched, 0xFFE, 4);
    byte[] rw = new byte[0x3000];
    System.arraycopy(data.toArray(), 0, rw, 0xff0, 0x20);
    byte[] stack = new byte[0x1000];
    Arrays.fill(stack, (byte) 0xCC);
    Mrenclave expected = new Mrenclave(1, 0x8000);
    SecInfo rx = SecInfo.regular(SecInfo.R | SecInfo.X);
    Bytes text = Bytes.wrap(patched);
    Bytes heap = Bytes.wrap(rw);
    expected.page(0, rx, text.slice(0, 0x1000).buffer());
    expected.page(0x1000, rx, text.slice(0x1000, 0x1000).buffer());
    for (int i = 0; i < 3; i++) {
      expected.page(0x2000 + 0x1000 * i, RW, heap.slice(0x1000 * i, 0x1000).buffer());
    }
    expected.add(0x5000, RW);
    expected.page(0x6000, RW, Bytes.wrap(stack).buffer());

    try (Content content = Content.of(file)) {
      IntelEnclave enclave = IntelEnclave.parse(content);
      IntelMetadata block = enclave.blocks().getFirst();
      Measured measured = enclave.measure(block, MeasureLimits.DEFAULT);
      assertThat(measured.mrEnclave()).isEqualTo(expected.digest());
      assertThat(measured.pages()).isEqualTo(7);
      assertThat(measured.measuredPages()).isEqualTo(6);
      assertThat(measured.epcPages()).isEqualTo(9);
      assertThat(block.sigStruct().check()).isInstanceOf(SignatureCheck.Genuine.class);
    }
  }

  /**
   * An image that is loaded at a chosen place of a larger range. No known identity of this kind is
   * published: the pages are put together by hand, as the loader's source has them.
   */
  @Test
  void underElrangeTheRangeIsTheSizeAndPagesLieWhereTheImageDoes() throws MalformedException {
    long imageAddress = 0x7000_0000L;
    long rangeStart = 0x6000_0000L;
    long rangeSize = 0x4000_0000L;
    ByteBuffer range = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    range.putLong(imageAddress).putLong(rangeStart).putLong(rangeSize);
    Bytes code = new Samples(3).bytes(0x1000);
    Bytes signed =
        new ElfWriter()
            .segment(ElfWriter.RX, 0, code, 0x1000)
            .block(
                11,
                5,
                0x8000,
                List.of(),
                List.of(ElfWriter.area(1, 1, 2, 0x5000, 0, 0, RW.flags())),
                Bytes.wrap(range.array()))
            .signed(Samples.SIGNER, 1, 1, 0);
    byte[] file = signed.toArray();
    int directory = 64 + 56 + 0x1000 + 25 + 1872 + 16;
    ByteBuffer.wrap(file)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(directory, ElfWriter.dataOffset(0, 1))
        .putInt(directory + 4, 24);
    Mrenclave expected = new Mrenclave(1, rangeSize);
    long shift = imageAddress - rangeStart;
    expected.page(shift, SecInfo.regular(SecInfo.R | SecInfo.X), code.buffer());
    expected.add(shift + 0x5000, RW);
    expected.add(shift + 0x6000, RW);
    assertThat(read(Bytes.wrap(file)).blocks().getFirst().measured())
        .isEqualTo(new Measured(expected.digest(), rangeSize, 3, 1));
    assertThat(read(signed).blocks().getFirst().matches()).isTrue();
    byte[] odd = file.clone();
    int size = 64 + 56 + 0x1000 + 25 + ElfWriter.dataOffset(0, 1) + 16;
    ByteBuffer.wrap(odd).order(ByteOrder.LITTLE_ENDIAN).putLong(size, rangeSize + 1);
    assertThatThrownBy(() -> read(Bytes.wrap(odd))).hasMessageContaining("a power of two");
  }

  @Test
  void aTruncatedFileIsRefusedWhereverItEnds() throws MalformedException {
    Bytes whole = SampleEnclaves.intel(3);
    for (int size = 4; size < whole.size(); size += 61) {
      Bytes cut = whole.slice(0, size);
      assertThatThrownBy(() -> read(cut))
          .as("%d bytes", size)
          .isInstanceOfSatisfying(
              MalformedException.class,
              refused -> {
                assertThat(refused.expected()).isNotEmpty();
                assertThat(refused.getMessage()).contains(" at offset ", ": found ", ", expected ");
              });
    }
  }

  @Test
  void aFileForBothKindsOfHostHasTwoIdentities() throws MalformedException {
    Artifact.IntelElf enclave = read(SampleEnclaves.intel(3));
    assertThat(enclave.blocks()).hasSize(2).allMatch(Artifact.MeasuredBlock::matches);
    Artifact.MeasuredBlock plain = enclave.blocks().get(0);
    Artifact.MeasuredBlock edmm = enclave.blocks().get(1);
    assertThat(plain.metadata().edmm()).isFalse();
    assertThat(edmm.metadata().edmm()).isTrue();
    assertThat(plain.measured().mrEnclave()).isNotEqualTo(edmm.measured().mrEnclave());
  }

  @Test
  void aChangedLoadedByteNoLongerMatchesTheSignature() throws MalformedException {
    byte[] changed = SampleEnclaves.intel(3).toArray();
    changed[64 + 3 * 56 + 2000] ^= 1;
    assertThat(read(Bytes.wrap(changed)).blocks()).noneMatch(Artifact.MeasuredBlock::matches);
  }

  @Test
  void heapSizeIsPartOfTheIdentityThoughItsContentIsNot() throws MalformedException {
    Bytes one = withHeap(1);
    Bytes two = withHeap(2);
    assertThat(read(one).blocks().getFirst().measured().mrEnclave())
        .isNotEqualTo(read(two).blocks().getFirst().measured().mrEnclave());
  }

  @Test
  void offsetsThatLieAreRefusedByName() {
    assertThatThrownBy(() -> read(changedMetadata(40, 0x9000)))
        .hasMessage(
            "metadata block at offset 40: found enclave_size 0x9000, expected a power of two above"
                + " 0x1000");
    assertThatThrownBy(() -> read(changedMetadata(1876, 0x7fffffff)))
        .hasMessageContaining("directory 0");
    assertThatThrownBy(() -> read(changedMetadata(16, 0x00ffffff)))
        .hasMessageContaining("bytes of metadata block");
    assertThatThrownBy(() -> read(changedMetadata(0, 1)))
        .hasMessageContaining("is the file signed?");
    assertThatThrownBy(() -> read(changedMetadata(1904, 0x40000000)))
        .hasMessageContaining("patched range");
  }

  @Test
  void moreWorkThanTheLimitIsRefused() throws MalformedException {
    try (Content content = Content.of(SampleEnclaves.intel(3))) {
      assertThatThrownBy(() -> Artifact.read(content, new MeasureLimits(10, 1000)))
          .hasMessageContaining("at most 10 pages");
      assertThatThrownBy(() -> Artifact.read(content, new MeasureLimits(1000, 3)))
          .hasMessageContaining("at most 3 measured pages");
    }
  }

  /** Each patch is looked at for each page, so a table of any size would multiply the work. */
  @Test
  void patchesAreLimitedInNumberAndInBytes() throws MalformedException {
    assertThat(withPatches(1_024, 1)).isNotNull();
    assertThatThrownBy(() -> withPatches(1_025, 1))
        .hasMessageContaining("1025 patches, expected at most 1024");
    assertThatThrownBy(() -> withPatches(100, 1_000)).hasMessageContaining("bytes of patches");
  }

  private static Bytes withPatches(int count, int size) throws MalformedException {
    Bytes patch = ElfWriter.patch(0, ElfWriter.dataOffset(count, 0), size);
    return new ElfWriter()
        .segment(ElfWriter.RX, 0, Bytes.zeros(0x1000), 0x1000)
        .block(1, 5, 0x8000, Collections.nCopies(count, patch), List.of(), Bytes.zeros(size))
        .signed(Samples.SIGNER, 1, 1, 0);
  }

  private static Bytes withHeap(int pages) throws MalformedException {
    return new ElfWriter()
        .segment(ElfWriter.RX, 0, Bytes.zeros(16), 16)
        .block(
            1,
            5,
            0x8000,
            List.of(),
            List.of(ElfWriter.area(1, 1, pages, 0x2000, 0, 0, RW.flags())),
            Bytes.EMPTY)
        .signed(Samples.SIGNER, 1, 1, 0);
  }

  private static Bytes changedMetadata(int offset, int value) throws MalformedException {
    byte[] file = SampleEnclaves.intel(3).toArray();
    int block = 64 + 3 * 56 + 5000 + 100 + 1000 + 25;
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(block + offset, value);
    return Bytes.wrap(file);
  }

  private static Artifact.IntelElf read(Bytes file) throws MalformedException {
    try (Content content = Content.of(file)) {
      return switch (Artifact.read(content, MeasureLimits.DEFAULT).artifact()) {
        case Artifact.IntelElf elf -> elf;
        case Artifact other -> throw new AssertionError(other);
      };
    }
  }
}
