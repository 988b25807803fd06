package dev.reseal.quote;

import java.time.Instant;

/** From when until when something holds, both inclusive. */
public record Validity(Instant from, Instant until) {}
