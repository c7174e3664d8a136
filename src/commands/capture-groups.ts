import type { Activity } from '../domain/activity.ts';
import type { Identifier, LinkPlan } from '../domain/identity.ts';
import { identifierKey } from '../domain/identity.ts';
import type { InPieces } from './breather.ts';

/** An activity and who did it: at least one identifier, normalized, strongest first. `exactTime`: the caller named `occurredAt`. */
export type Capture = {
  readonly identifiers: readonly [Identifier, ...Identifier[]];
  readonly activity: Activity;
  readonly exactTime: boolean;
};

export type Item = Capture & { readonly index: number };

/** Activities of the same identifiers, which go the same way. */
export type Group = { readonly identifiers: Capture['identifiers']; readonly items: readonly Item[] };

/** How many items or groups are a piece: a good part of a millisecond. */
const aPiece = 50;

/** Puts the activities with the same identifiers together, in their order. */
export function* groupsOf(items: readonly Item[]): InPieces<readonly Group[]> {
  const groups = new Map<string, { identifiers: Capture['identifiers']; items: Item[] }>();
  for (const [at, item] of items.entries()) {
    if (at % aPiece === aPiece - 1) yield;
    const key = JSON.stringify(item.identifiers.map(identifierKey));
    const group = groups.get(key);
    if (group) group.items.push(item);
    else groups.set(key, { identifiers: item.identifiers, items: [item] });
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
  for (const [at, { identifiers }] of groups.entries()) {
    if (at % aPiece === aPiece - 1) yield;
    const [first, ...others] = identifiers.map((identifier) => top(identifierKey(identifier)));
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

/** What the groups that belong to one lead want recorded there. */
export type Recording = {
  readonly plan: LinkPlan;
  readonly groups: Group[];
  readonly refused: LinkPlan['refused'][number][];
};

/** Puts together what is to be recorded on one lead: one append instead of one a group. */
export const recordingsOf = (plans: readonly (readonly [Group, LinkPlan])[]): readonly Recording[] => {
  const byLead = new Map<string, Recording>();
  for (const [group, plan] of plans) {
    const recording = byLead.get(plan.target);
    if (!recording) byLead.set(plan.target, { plan, groups: [group], refused: [...plan.refused] });
    else {
      recording.groups.push(group);
      recording.refused.push(...plan.refused);
    }
  }
  return [...byLead.values()];
};
