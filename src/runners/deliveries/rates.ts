import { LRUCache } from 'lru-cache';

/** Of how many endpoints it is remembered when they were told last. */
const remembered = 5_000;

/** For how long what was not used of a rate is kept, in ms. */
const burstMs = 250;

type Left = { readonly count: number; readonly at: number };

/** How often endpoints may be told that do not want it too often. */
export const openRates = (now: () => number = () => performance.now()) => {
  const all = new LRUCache<string, Left>({ maxSize: remembered, sizeCalculation: () => 1 });
  return {
    /** Takes one of so many a second, if there is one left. */
    take: (endpointId: string, perSecond: number | undefined): boolean => {
      if (perSecond === undefined) return true;
      const most = Math.max(1, (perSecond * burstMs) / 1_000);
      const { count, at } = all.get(endpointId) ?? { count: most, at: now() };
      const left = Math.min(most, count + ((now() - at) * perSecond) / 1_000);
      const may = left >= 1;
      all.set(endpointId, { count: may ? left - 1 : left, at: now() });
      return may;
    },
  };
};
export type Rates = ReturnType<typeof openRates>;
