package dev.reseal.quote;

import java.math.BigInteger;
import java.time.Instant;

/**
 * What the collateral said of itself, for freshness rules.
 *
 * @param tcbEvaluationNumber the lower of TCB info and QE identity
 * @param issued the older of both issue dates
 * @param tcbDate of the TCB level that was selected
 * @param rootCrlNumber cRLNumber of the root CRL
 * @param pckCrlNumber cRLNumber of the PCK CRL
 */
public record Evidence(
    int tcbEvaluationNumber,
    Instant issued,
    Instant tcbDate,
    BigInteger rootCrlNumber,
    BigInteger pckCrlNumber) {}
