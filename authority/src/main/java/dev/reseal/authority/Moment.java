package dev.reseal.authority;

/**
 * When an event happens.
 *
 * @param wallMs milliseconds since 1970
 * @param sinceIssueMs on the monotonic clock, since this writer last issued a passport of the
 *     lineage, or became the writer
 * @param sincePolicyMs likewise, since the lineage's policy last changed
 */
public record Moment(long wallMs, long sinceIssueMs, long sincePolicyMs) {}
