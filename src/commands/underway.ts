/**
 * How many identifiers a process is linking to leads that these have not noted yet, so that together they don't go beyond
 * what a lead may have. Several processes may, by what each has underway.
 */
export type Underway = {
  readonly to: (leadId: string) => number;
  readonly add: (leadId: string, identifiers: number) => void;
};

export const linksUnderway = (): Underway => {
  const counts = new Map<string, number>();
  const to = (leadId: string): number => counts.get(leadId) ?? 0;
  return {
    to,
    add: (leadId, identifiers) => {
      const now = to(leadId) + identifiers;
      if (now > 0) counts.set(leadId, now);
      else counts.delete(leadId);
    },
  };
};
