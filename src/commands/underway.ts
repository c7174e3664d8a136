import type { Joining } from '../domain/link-plan.ts';
import type { LeadState } from '../domain/lead.ts';

/** What is on its way to a lead: the keys of identifiers that it is not known to have noted, and how many leads. */
export type Underway = { leadId: string; readonly identifiers: Set<string>; readonly leads: number };

/**
 * What a process is linking to and merging into leads that these have not noted yet, so that together it does not go beyond
 * what a lead may have. Several processes may, by what each has underway.
 */
export type LinksUnderway = {
  /** What is on its way to a lead that has noted these identifiers. */
  readonly to: (leadId: string, noted?: LeadState['identifiers']) => Joining;
  readonly begin: (leadId: string, identifiers: Iterable<string>, leads?: number) => Underway;
  readonly end: (underway: Underway) => void;
  /** A lead was merged: what is on its way to it will come to the other one. */
  readonly merged: (leadId: string, into: string) => void;
  /** Does something with leads when nobody else does so with any of them. */
  readonly alone: (leadIds: readonly string[], work: () => Promise<void>) => Promise<void>;
};

/** What is on its way to one lead, and the identifiers that it had when that was looked at last. */
type Known = { readonly all: Set<Underway>; noted: LeadState['identifiers'] | undefined };

export const linksUnderway = (): LinksUnderway => {
  const known = new Map<string, Known>();
  const claimed = new Map<string, Promise<void>>();
  const add = (underway: Underway): Underway => {
    const lead = known.get(underway.leadId) ?? { all: new Set(), noted: undefined };
    known.set(underway.leadId, lead);
    lead.all.add(underway);
    return underway;
  };
  const claimOf = (leadIds: readonly string[]): Promise<void> | undefined =>
    leadIds.map((leadId) => claimed.get(leadId)).find((claim) => claim !== undefined);
  return {
    to: (leadId, noted) => {
      const sum = { identifiers: 0, leads: 0 };
      const lead = known.get(leadId);
      if (!lead) return sum;
      // Whoever finishes what others began may have noted some: then the lead has them, and they are on their way no more.
      const fresh = noted === lead.noted ? undefined : noted;
      lead.noted = noted;
      for (const { identifiers, leads } of lead.all) {
        if (fresh) for (const key of identifiers) if (fresh.has(key)) identifiers.delete(key);
        sum.identifiers += identifiers.size;
        sum.leads += leads;
      }
      return sum;
    },
    begin: (leadId, identifiers, leads = 0) => add({ leadId, identifiers: new Set(identifiers), leads }),
    end: (underway) => {
      const { leadId } = underway;
      const lead = known.get(leadId);
      lead?.all.delete(underway);
      if (lead?.all.size === 0) known.delete(leadId);
    },
    merged: (leadId, into) => {
      for (const underway of known.get(leadId)?.all ?? []) {
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
