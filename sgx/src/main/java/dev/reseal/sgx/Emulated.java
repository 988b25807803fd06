package dev.reseal.sgx;

import java.util.Locale;

/** What marks everything an emulated platform signs; such evidence gives no security. */
public final class Emulated {
  /** Critical extension of every certificate of an emulated platform, value DER NULL. */
  public static final String OID = "1.3.6.1.4.1.59999.1.1";

  /** Stands in the subject name of every emulated certificate and in every verdict over one. */
  public static final String WORD = "EMULATED";

  private Emulated() {}

  /** Whether a certificate's subject name says that it is emulated. */
  public static boolean named(String subject) {
    return subject.toUpperCase(Locale.ROOT).contains(WORD);
  }
}
