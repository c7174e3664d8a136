/**
 * How large one lead may become. What would go beyond is refused or left out when it arrives, and nothing else is lost;
 * facts that are in the log already are read whatever they come to.
 */
export const leadLimits = {
  /** How many identifiers lead to it. */
  identifiers: 1_000,
  /** How many leads were merged into it, directly or by way of others. */
  mergedLeads: 500,
  /**
   * How many merges may lie one behind the other on the way to it. What a lead did moves along with each of them, so this is
   * also how often one activity may be written again.
   */
  mergeDepth: 50,
  /** How many e-mail addresses one anonymousId brings together: more are those of people who share a device. */
  emailsOfDevice: 5,
  /** How many traits it has; one that was taken away counts, because an older activity that says it may come later. */
  traits: 500,
  /** How long its traits are, names and values, as JSON in UTF-8, in bytes. */
  profileBytes: 32 * 1024,
  /** How long the name of a trait is, in characters. */
  traitName: 128,
} as const;
