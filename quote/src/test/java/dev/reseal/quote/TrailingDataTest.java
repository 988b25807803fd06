package dev.reseal.quote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.reseal.bytes.Bytes;
import dev.reseal.quote.Collateral.Part;
import dev.reseal.sgx.MalformedException;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A signature says that the bytes are the issuer's, not that there are no others: wherever DER has
 * an end, nothing may follow.
 */
class TrailingDataTest {
  private static final String KEY_USAGE = "551d0f";
  private static final String BASIC_CONSTRAINTS = "551d13";
  private static final String SUBJECT_KEY = "551d0e";
  private static final String SGX = "2a864886f84d010d01";
  private static final String CRL_NUMBER = "551d14";
  private static final int LEAF = 0;
  private static final int INTERMEDIATE = 1;
  private static final DerTree NULL = DerTree.leaf(0x05, Bytes.EMPTY);

  /** Reads one document. */
  private interface Reader {
    Object read(Bytes der) throws MalformedException;
  }

  private static DerTree certificate(int index) throws MalformedException {
    Bytes pem = Quote.parse(new TestPki().build().quote()).certification().data();
    DerTree tree = DerTree.of(Bytes.wrap(Pem.blocks("chain", pem, "CERTIFICATE", 3).get(index)));
    tree.children.getLast().open();
    for (String oid :
        index == LEAF
            ? List.of(KEY_USAGE, BASIC_CONSTRAINTS, SGX)
            : List.of(KEY_USAGE, BASIC_CONSTRAINTS)) {
      tree.extension(oid).children.getLast().open();
    }
    return tree;
  }

  private static DerTree list() {
    TestPki pki = new TestPki();
    pki.pckCrl.revoked.add(BigInteger.valueOf(9));
    Bytes der = pki.build().collateral().part(Part.PCK_CRL).orElseThrow();
    DerTree tree = DerTree.of(der);
    tree.children.getLast().open();
    tree.extension(CRL_NUMBER).children.getLast().open();
    return tree;
  }

  private static Object readCertificate(Bytes der) throws MalformedException {
    return Certificate.parse("certificate", der.toArray());
  }

  private static Object readList(Bytes der) throws MalformedException {
    return Crl.parse("CRL", der);
  }

  private static void nothingMayFollow(DerTree tree, Reader reader) throws MalformedException {
    Object good = reader.read(tree.encode());
    for (DerTree container : tree.containers()) {
      container.children.add(NULL);
      refused(tree.encode(), reader, "in tag %02x".formatted(container.tag));
      container.children.removeLast();
    }
    refused(Bytes.concat(tree.encode(), NULL.encode()), reader, "after the document");
    assertThat(reader.read(tree.encode())).isEqualTo(good);
  }

  private static void refused(Bytes der, Reader reader, String where) {
    assertThatThrownBy(() -> reader.read(der)).as(where).isInstanceOf(MalformedException.class);
  }

  @Test
  void nothingMayFollowInAnyContainerOfACertificate() throws Exception {
    DerTree leaf = certificate(LEAF);
    assertThat(leaf.containers()).hasSizeGreaterThan(60);
    nothingMayFollow(leaf, TrailingDataTest::readCertificate);
    nothingMayFollow(certificate(INTERMEDIATE), TrailingDataTest::readCertificate);
  }

  @Test
  void nothingMayFollowInAnyContainerOfARevocationList() throws Exception {
    nothingMayFollow(list(), TrailingDataTest::readList);
  }

  @Test
  void anExtensionMaySayThatItIsNotCritical() throws Exception {
    DerTree tree = certificate(LEAF);
    tree.extension(SUBJECT_KEY).children.add(1, DerTree.leaf(0x01, Bytes.hex("00")));
    readCertificate(tree.encode());
    DerTree list = list();
    DerTree reason = list.extension("551d15");
    reason.children.add(1, DerTree.leaf(0x01, Bytes.hex("00")));
    readList(list.encode());
    reason.children.set(1, DerTree.leaf(0x01, Bytes.hex("ff")));
    refused(list.encode(), TrailingDataTest::readList, "critical entry extension");
  }

  @Test
  void anExtensionStandsOnceAndThereAreAtMost32() throws Exception {
    DerTree tree = certificate(LEAF);
    DerTree extensions = tree.find(e -> e.tag == 0xa3).orElseThrow().children.getFirst();
    while (extensions.children.size() < 32) {
      DerTree oid = DerTree.oid(extensions.children.size());
      extensions.children.add(DerTree.sequence(oid, DerTree.leaf(0x04, Bytes.EMPTY)));
    }
    readCertificate(tree.encode());
    extensions.children.add(DerTree.sequence(DerTree.oid(32), DerTree.leaf(0x04, Bytes.EMPTY)));
    refused(tree.encode(), TrailingDataTest::readCertificate, "33 extensions");
    extensions.children.set(32, extensions.children.get(31));
    extensions.children.remove(30);
    refused(tree.encode(), TrailingDataTest::readCertificate, "an extension twice");
    DerTree list = list();
    DerTree ofList = list.find(e -> e.tag == 0xa0).orElseThrow().children.getFirst();
    ofList.children.add(ofList.children.getFirst());
    refused(list.encode(), TrailingDataTest::readList, "an extension twice");
  }

  @Test
  void aHalfOfASignatureHas256Bits() throws Exception {
    DerTree tree = certificate(LEAF);
    DerTree halves = tree.children.getLast().children.getFirst();
    halves.children.set(0, DerTree.leaf(0x02, Bytes.hex("00")));
    halves.children.set(1, DerTree.leaf(0x02, Bytes.hex("00" + "ff".repeat(32))));
    assertThat(Signed.parse("test", tree.encode().toArray()).signature())
        .isEqualTo(Bytes.hex("00".repeat(32) + "ff".repeat(32)));
    for (String other : List.of("ff", "01" + "ff".repeat(32))) {
      halves.children.set(1, DerTree.leaf(0x02, Bytes.hex(other)));
      refused(tree.encode(), TrailingDataTest::readCertificate, other);
    }
  }

  @Test
  void aNameIsItsTextInWhicheverOfThreeStringTypes() throws Exception {
    Bytes content = Bytes.ascii("Intel SGX Root CA");
    for (int tag : new int[] {0x0c, 0x13, 0x16}) {
      DistinguishedName name = name(DerTree.leaf(tag, content));
      assertThat(name.commonName()).isEqualTo("Intel SGX Root CA");
      assertThat(name)
          .isEqualTo(name(DerTree.leaf(0x0c, content)))
          .hasToString("CN=Intel SGX Root CA");
    }
    for (int tag : new int[] {0x04, 0x14, 0x1e}) {
      assertThatThrownBy(() -> name(DerTree.leaf(tag, content)))
          .isInstanceOf(MalformedException.class);
    }
    DerTree text = DerTree.leaf(0x0c, content);
    assertThat(name(text, text).commonName()).isEmpty();
    DerTree[] most = new DerTree[17];
    java.util.Arrays.fill(most, text);
    assertThat(name(java.util.Arrays.copyOf(most, 16)).attributes()).hasSize(16);
    assertThatThrownBy(() -> name(most)).isInstanceOf(MalformedException.class);
  }

  private static DistinguishedName name(DerTree... commonNames) throws MalformedException {
    DerTree name = DerTree.sequence();
    for (DerTree each : commonNames) {
      DerTree pair = DerTree.sequence(DerTree.leaf(0x06, Bytes.hex("550403")), each);
      DerTree set = DerTree.sequence(pair);
      set.tag = 0x31;
      name.children.add(set);
    }
    return DistinguishedName.read(DerReader.of("name", name.encode().toArray()));
  }

  @Test
  void aListHasVersion2AndItsEntriesMayBeBare() throws Exception {
    DerTree list = list();
    DerTree entry = list.extension("551d15");
    DerTree bare =
        list.find(e -> e.children.size() == 3 && e.children.get(1).tag == 0x17).orElseThrow();
    assertThat(bare.find(entry::equals)).isPresent();
    bare.children.removeLast();
    readList(list.encode());
    DerTree version = list.children.getFirst().children.getFirst();
    assertThat(version.tag).isEqualTo(0x02);
    version.content = Bytes.hex("00");
    refused(list.encode(), TrailingDataTest::readList, "version 1");
  }

  @Test
  void aCertificateHasVersion3AndAKeyOfP256() throws Exception {
    DerTree tree = certificate(LEAF);
    DerTree version = tree.find(e -> e.tag == 0xa0).orElseThrow().children.getFirst();
    version.content = Bytes.hex("01");
    refused(tree.encode(), TrailingDataTest::readCertificate, "version 2");
    version.content = Bytes.hex("02");
    DerTree curve = tree.find(e -> e.content.equals(Bytes.hex("2a8648ce3d030107"))).orElseThrow();
    curve.content = Bytes.hex("2a8648ce3d030106");
    refused(tree.encode(), TrailingDataTest::readCertificate, "another curve");
  }

  @Test
  void theSgxExtensionHasItsEntriesInOrderAndTheLastTwoMayBeAbsent() throws Exception {
    DerTree tree = certificate(LEAF);
    List<DerTree> entries = tree.extension(SGX).children.getLast().children.getFirst().children;
    entries.add(entries.remove(1));
    refused(tree.encode(), TrailingDataTest::readCertificate, "another order");
    entries.add(1, entries.removeLast());
    entries.subList(5, 7).clear();
    Certificate read = (Certificate) readCertificate(tree.encode());
    assertThat(read.extensions().sgx().orElseThrow().configuration()).isEmpty();
    assertThat(read.extensions().unknownCritical()).isFalse();
  }
}
