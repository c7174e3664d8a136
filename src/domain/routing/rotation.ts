import type { Map as PersistentMap } from 'immutable';
import { changed } from '../changed.ts';

/** By rep: how far it is behind its exact share of a rotation, in leads. */
export type Rotation = PersistentMap<string, number>;

/** A member of a rotation; of every `weight` of the sum of weights one lead is its own. */
export type Turn = { readonly repId: string; readonly weight: number };

/** Shares are added up as fractions: so much may be lost of them. */
const tolerance = 1e-9;

const sumOf = (members: readonly Turn[]): number => members.reduce((sum, { weight }) => sum + weight, 0);

/**
 * Whose turn it is. Of those who are behind their share it is the one who would be a whole lead behind soonest: this way
 * nobody is ever a whole lead before or behind its exact share, while the members stay the same (proportionate fairness:
 * Baruah, Cohen, Plaxton and Varvel, 1996). A weight of 0 has no turn.
 */
export const pickNext = (rotation: Rotation, members: readonly Turn[]): string | undefined => {
  const total = sumOf(members);
  const due = members
    .filter(({ weight }) => weight > 0)
    .map(({ repId, weight }) => {
      const lag = (rotation.get(repId) ?? 0) + weight / total;
      return { repId, weight, lag, deadline: (1 - lag) / weight };
    });
  const behind = due.filter(({ lag }) => lag > tolerance);
  const isSooner = (a: (typeof due)[number], b: (typeof due)[number]): boolean => {
    // Who came back from elsewhere may leave nobody behind: then the one least before its share.
    const apart = behind.length > 0 ? a.deadline - b.deadline : b.lag - a.lag;
    if (Math.abs(apart) > tolerance) return apart < 0;
    return a.weight === b.weight ? a.repId < b.repId : a.weight > b.weight;
  };
  const [first, ...others] = behind.length > 0 ? behind : due;
  return first && others.reduce((next, each) => (isSooner(each, next) ? each : next), first).repId;
};

/** The rotation after a turn. Who was no member keeps what it had: time away is not caught up. */
export const advance = (rotation: Rotation, members: readonly Turn[], repId: string): Rotation => {
  const total = sumOf(members);
  if (total === 0) return rotation;
  return rotation.withMutations((lags) => {
    for (const { repId: each, weight } of members) changed(lags, each, 0, (lag) => lag + weight / total);
    changed(lags, repId, 0, (lag) => lag - 1);
  });
};

/** Gives a turn back, as for a lead that was declined. */
export const giveBack = (rotation: Rotation, repId: string): Rotation => changed(rotation, repId, 0, (lag) => lag + 1);
