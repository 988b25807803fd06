package dev.reseal.quote;

import dev.reseal.bytes.Bytes;
import dev.reseal.sgx.PlatformKind;

/**
 * The platform that a quote comes from, as its PCK certificate says.
 *
 * @param kind emulated if the pinned root is, or if any certificate carries the mark of an emulated
 *     platform
 * @param id SHA-256 of the PCK public key (SubjectPublicKeyInfo, DER)
 * @param root SHA-256 of the root's public key (SubjectPublicKeyInfo, DER)
 * @param pck the SGX extension: FMSPC, PCE id, certified TCB, configuration
 * @param authority common name of the CA that issued the PCK certificate
 */
public record Platform(
    PlatformKind kind, Bytes id, Bytes root, PckExtension pck, String authority) {}
