import type { Joining } from '../domain/link-plan.ts';

/** What is on its way to a lead. */
export type Underway = { leadId: string; readonly joining: Joining };

/**
 * What a process is linking to and merging into leads that these have not noted yet, so that together it does not go beyond
 * what a lead may have. Several processes may, by what each has underway.
 */
export type LinksUnderway = {
  readonly to: (leadId: string) => Joining;
  readonly begin: (leadId: string, joining: Joining) => Underway;
  readonly end: (underway: Underway) => void;
  /** A lead was merged: what is on its way to it will come to the other one. */
  readonly merged: (leadId: string, into: string) => void;
  /** Does something with leads when nobody else does so with any of them. */
  readonly alone: (leadIds: readonly string[], work: () => Promise<void>) => Promise<void>;
};

export const linksUnderway = (): LinksUnderway => {
  const known = new Map<string, Set<Underway>>();
  const claimed = new Map<string, Promise<void>>();
  const of = (leadId: string): Set<Underway> => known.get(leadId) ?? new Set();
  const add = (underway: Underway): Underway => {
    known.set(underway.leadId, of(underway.leadId).add(underway));
    return underway;
  };
  const claimOf = (leadIds: readonly string[]): Promise<void> | undefined =>
    leadIds.map((leadId) => claimed.get(leadId)).find((claim) => claim !== undefined);
  return {
    to: (leadId) => {
      const sum = { identifiers: 0, leads: 0 };
      for (const { joining } of of(leadId)) {
        sum.identifiers += joining.identifiers;
        sum.leads += joining.leads;
      }
      return sum;
    },
    begin: (leadId, joining) => add({ leadId, joining }),
    end: (underway) => {
      const all = of(underway.leadId);
      all.delete(underway);
      if (all.size === 0) known.delete(underway.leadId);
    },
    merged: (leadId, into) => {
      for (const underway of of(leadId)) {
        underway.leadId = into;
        add(underway);
      }
      known.delete(leadId);
    },
    alone: async (leadIds, work) => {
      // All are claimed at once or none, so that no two wait for each other.
      for (let busy = claimOf(leadIds); busy; busy = claimOf(leadIds)) await busy;
      const { promise, resolve } = Promise.withResolvers<void>();
      for (const leadId of leadIds) claimed.set(leadId, promise);
      try {
        await work();
      } finally {
        for (const leadId of leadIds) claimed.delete(leadId);
        resolve();
      }
    },
  };
};
