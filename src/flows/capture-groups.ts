import type { Activity } from '../domain/lead/activity.ts';
import type { Identifier, LinkPlan, RefusedLink, Unresolved } from '../domain/identity/identity.ts';
import { identifierKey } from '../domain/identity/identity.ts';
import type { InPieces } from '../engine/pacing.ts';

/** Who did something: at least one identifier, normalized, strongest first, and what may be others. */
export type Named = {
  readonly identifiers: readonly [Identifier, ...Identifier[]];
  readonly unresolved?: readonly Unresolved[];
};

/** An activity and who did it. `exactTime`: the caller named `occurredAt`. */
export type Capture = Named & {
  readonly activity: Activity;
  readonly exactTime: boolean;
};

export type Item = Capture & { readonly index: number };

/** Activities of the same identifiers, which go the same way. */
export type Group = Named & { readonly items: readonly Item[] };

/** All identifiers that may be a person's. */
const possible = ({ identifiers, unresolved = [] }: Named): readonly Identifier[] =>
  unresolved.length === 0 ? identifiers : [...identifiers, ...unresolved.flatMap(({ candidates }) => candidates)];

/** How many items or groups are a piece: a good part of a millisecond. */
const aPiece = 50;

/** An activity alone. */
export const groupOf = (item: Item): Group => {
  const { identifiers, unresolved } = item;
  return { identifiers, items: [item], ...(unresolved && { unresolved }) };
};

/** Puts the activities with the same identifiers together, in their order. */
export function* groupsOf(items: readonly Item[]): InPieces<readonly Group[]> {
  const groups = new Map<string, Named & { items: Item[] }>();
  for (const [at, item] of items.entries()) {
    if (at % aPiece === aPiece - 1) yield;
    const { identifiers, unresolved } = item;
    const key = JSON.stringify([identifiers.length, ...possible(item).map(identifierKey)]);
    const group = groups.get(key);
    if (group) group.items.push(item);
    else groups.set(key, { identifiers, items: [item], ...(unresolved && { unresolved }) });
  }
  return [...groups.values()];
}

/** Puts groups together that share an identifier, directly or by way of others (union-find over the identifiers). */
export function* connected(groups: readonly Group[]): InPieces<readonly (readonly Group[])[]> {
  if (groups.length < 2) return [groups];
  const above = new Map<string, string>();
  const top = (key: string): string => {
    let at = key;
    for (let next = above.get(at); next !== undefined; next = above.get(at)) {
      const further = above.get(next);
      if (further !== undefined) above.set(at, further);
      at = next;
    }
    return at;
  };
  for (const [at, group] of groups.entries()) {
    if (at % aPiece === aPiece - 1) yield;
    const [first, ...others] = possible(group).map((identifier) => top(identifierKey(identifier)));
    for (const other of others) {
      const [a, b] = [top(first ?? other), top(other)];
      if (a !== b) above.set(b, a);
    }
  }
  const together = new Map<string, Group[]>();
  for (const [at, group] of groups.entries()) {
    if (at % aPiece === aPiece - 1) yield;
    const key = top(identifierKey(group.identifiers[0]));
    const others = together.get(key);
    if (others) others.push(group);
    else together.set(key, [group]);
  }
  return [...together.values()];
}

/**
 * How many leads of one batch are worked on at a time, and of how many activities, on the average: enough for their appends to share
 * commits, and few enough not to flood the store.
 */
const width = { leads: 128, activities: 1_000 };

/** How many leads of a batch are worked on at a time. */
export const widthOf = (leads: number, activities: number): number =>
  Math.max(1, Math.min(leads, width.leads, Math.floor((width.activities * leads) / activities)));

/** A group, and where it belongs. */
export type Planned = readonly [Group, LinkPlan];

/** What the groups that belong to one lead want recorded there: `identifiers` lead to it, links of `refused` do not. */
export type Recording = {
  readonly plan: LinkPlan;
  readonly groups: Group[];
  readonly identifiers: Identifier[];
  readonly refused: RefusedLink[];
};

/** The identifiers of a group that lead where it belongs. */
const leadingThere = ([{ identifiers }, { refused }]: Planned): readonly Identifier[] => {
  if (refused.length === 0) return identifiers;
  const elsewhere = new Set(refused.map(({ identifier }) => identifierKey(identifier)));
  return identifiers.filter((each) => !elsewhere.has(identifierKey(each)));
};

/**
 * A link is for ever and a refusal is of its moment: what a lead had no room for when one group was planned may lead to it when
 * the next one is.
 */
const withoutLinked = (recording: Recording): Recording => {
  const { identifiers, refused } = recording;
  if (refused.length === 0) return recording;
  const linked = new Set(identifiers.map(identifierKey));
  return { ...recording, refused: refused.filter(({ identifier }) => !linked.has(identifierKey(identifier))) };
};

/** Puts together what is to be recorded on one lead: one append instead of one a group. */
export const recordingsOf = (plans: readonly Planned[]): readonly Recording[] => {
  const byLead = new Map<string, Recording>();
  for (const planned of plans) {
    const [group, plan] = planned;
    const recording = byLead.get(plan.target);
    const identifiers = leadingThere(planned);
    if (!recording) {
      byLead.set(plan.target, { plan, groups: [group], identifiers: [...identifiers], refused: [...plan.refused] });
    } else {
      recording.groups.push(group);
      recording.identifiers.push(...identifiers);
      recording.refused.push(...plan.refused);
    }
  }
  return [...byLead.values()].map(withoutLinked);
};
