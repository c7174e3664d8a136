/** The length of a slot, in ms, and how many of them are looked at: about half a minute. */
const [slot, slots] = [3_000, 10];

/** Counts what happens, and says how much that was a second lately. */
export const pulse = (time: () => number = () => performance.now()) => {
  const begun = time();
  const counts = new Map<number, number>();
  const current = (): number => Math.floor(time() / slot);
  const forget = (): void => {
    for (const at of counts.keys()) if (at <= current() - slots) counts.delete(at);
  };
  return {
    count: (many: number): void => {
      counts.set(current(), (counts.get(current()) ?? 0) + many);
      forget();
    },
    /** How many a second. */
    rate: (): number => {
      forget();
      const lasted = Math.min(time() - begun, slot * (slots - 1) + (time() % slot));
      const total = [...counts.values()].reduce((sum, many) => sum + many, 0);
      return lasted < 1 ? 0 : (total * 1_000) / lasted;
    },
  };
};
