import type { LeadState } from '../domain/lead/lead.ts';
import { isEmailKey } from '../domain/identity/identity.ts';
import type { Joining } from '../domain/identity/link-plan.ts';

/** What is on its way: how many leads, and at each lead that it may come to the keys of identifiers that one is not known to have. */
export type Underway = { readonly leads: number; readonly at: Map<string, Set<string>> };

/**
 * What a process is linking to and merging into leads that these have not noted yet, so that together it does not go beyond
 * what a lead may have. Several processes may, by what each has underway.
 */
export type LinksUnderway = {
  /** What is on its way to a lead that has noted these identifiers. */
  readonly to: (leadId: string, noted?: LeadState['identifiers']) => Joining;
  readonly begin: (leadId: string, identifiers: Iterable<string>) => Underway;
  readonly end: (underway: Underway) => void;
  /**
   * A lead that has so much is merged into another until what is given back is called: what is on its way to the one is on its way
   * to the other too, and who comes to the one waits. `halfDone`: somebody else will have to finish it, so that all of it is still to come.
   */
  readonly beginMerge: (leadId: string, into: string, has: Has) => (halfDone: boolean) => void;
  /** Resolves when a lead is no more being merged into another; undefined when it is not. */
  readonly merging: (leadId: string) => Promise<void> | undefined;
  /** Does something with leads when nobody else does so with any of them. */
  readonly alone: (leadIds: readonly string[], work: () => Promise<void>) => Promise<void>;
};

type Has = { readonly identifiers: Iterable<string>; readonly leads: number };

/** What is on its way to one lead, and the identifiers that it had when that was looked at last. */
type Known = { readonly all: Set<Underway>; noted: LeadState['identifiers'] | undefined };

export const linksUnderway = (): LinksUnderway => {
  const known = new Map<string, Known>();
  /** By the lead that is being merged. */
  const merges = new Map<string, { readonly into: string; readonly moving: Underway; readonly over: Promise<void> }>();
  /** Of merges that others will finish: on its way until the lead has noted all of it. */
  const leftOver = new WeakSet<Underway>();
  const claimed = new Map<string, Promise<void>>();

  const put = (underway: Underway, leadId: string, identifiers: Iterable<string>): void => {
    const own = new Set(identifiers);
    underway.at.set(leadId, own);
    const lead = known.get(leadId) ?? { all: new Set(), noted: undefined };
    known.set(leadId, lead);
    lead.all.add(underway);
    const merge = merges.get(leadId);
    if (merge && !underway.at.has(merge.into)) put(underway, merge.into, own);
  };
  const begun = (leadId: string, { identifiers, leads }: Has): Underway => {
    const underway = { leads, at: new Map<string, Set<string>>() };
    put(underway, leadId, identifiers);
    return underway;
  };
  const end = (underway: Underway): void => {
    for (const leadId of underway.at.keys()) {
      const lead = known.get(leadId);
      lead?.all.delete(underway);
      if (lead?.all.size === 0) known.delete(leadId);
      const merge = merges.get(leadId);
      if (!merge) continue;
      // This lead has noted them by now; the one that it is merged into will get them from it.
      const coming = underway.at.get(merge.into) ?? [];
      for (const own of merge.moving.at.values()) for (const key of coming) own.add(key);
    }
  };
  const claimOf = (leadIds: readonly string[]): Promise<void> | undefined =>
    leadIds.map((leadId) => claimed.get(leadId)).find((claim) => claim !== undefined);
  return {
    to: (leadId, noted) => {
      const lead = known.get(leadId);
      if (!lead) return { identifiers: 0, emails: 0, leads: 0 };
      // What several link at once comes to the lead once.
      const coming = new Set<string>();
      let leads = 0;
      // Whoever finishes what others began may have noted some: then the lead has them, and they are on their way no more.
      const fresh = noted === lead.noted ? undefined : noted;
      lead.noted = noted;
      for (const underway of lead.all) {
        const identifiers = underway.at.get(leadId) ?? new Set();
        if (fresh) for (const key of identifiers) if (fresh.has(key)) identifiers.delete(key);
        if (identifiers.size === 0 && leftOver.has(underway)) {
          end(underway);
          continue;
        }
        for (const key of identifiers) coming.add(key);
        leads += underway.leads;
      }
      let emails = 0;
      for (const key of coming) if (isEmailKey(key)) emails += 1;
      return { identifiers: coming.size, emails, leads };
    },
    begin: (leadId, identifiers) => begun(leadId, { identifiers, leads: 0 }),
    end,
    beginMerge: (leadId, into, has) => {
      const moving = begun(into, has);
      const { promise: over, resolve } = Promise.withResolvers<void>();
      merges.set(leadId, { into, moving, over });
      for (const underway of known.get(leadId)?.all ?? []) {
        if (!underway.at.has(into)) put(underway, into, underway.at.get(leadId) ?? []);
      }
      return (halfDone) => {
        merges.delete(leadId);
        if (halfDone) leftOver.add(moving);
        else end(moving);
        resolve();
      };
    },
    merging: (leadId) => merges.get(leadId)?.over,
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
