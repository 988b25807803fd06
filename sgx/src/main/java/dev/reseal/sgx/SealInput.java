package dev.reseal.sgx;

/** One thing that the key of a sealed blob depends on, or may depend on. */
public enum SealInput {
  REQUEST("KEYREQUEST"),
  MRENCLAVE("MRENCLAVE"),
  MRSIGNER("MRSIGNER"),
  ISVPRODID("ISVPRODID"),
  ISVSVN("ISVSVN"),
  CPUSVN("CPUSVN"),
  CONFIGID("CONFIGID"),
  CONFIGSVN("CONFIGSVN"),
  ISVFAMILYID("ISVFAMILYID"),
  ISVEXTPRODID("ISVEXTPRODID"),
  DEBUG("DEBUG"),
  ATTRIBUTES("ATTRIBUTES under the mask"),
  XFRM("XFRM under the mask"),
  MISCSELECT("MISCSELECT under the mask"),
  PLATFORM("platform"),
  LINEAGE("lineage"),
  EPOCH("epoch"),
  AUTHORITY("authority half");

  private final String label;

  SealInput(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }
}
