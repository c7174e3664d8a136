import { randomFillSync } from 'node:crypto';

const digits = Buffer.from('0123456789abcdef', 'latin1');

/** Where the digits of an id are that are chance, but for the one that also tells the variant. */
const ofChance = [15, 16, 17, 20, 21, 22, ...Array.from({ length: 12 }, (_, index) => 24 + index)] as const;
const ofVariant = 19;

/**
 * A source of UUIDv7s (RFC 9562): ms since 1970, then chance. It asks the system for chance once for 512 ids, and writes the time
 * once for each ms: either costs more than all the rest of an id. Each id is one text, not one of many parts to be put together later.
 */
export const newIds = (): (() => string) => {
  const text = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1');
  const pool = Buffer.alloc(512 * (ofChance.length + 1));
  let [used, written] = [pool.length, NaN];

  const digit = (): number => pool[used++] ?? 0;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const now = Date.now();
    if (now !== written) {
      written = now;
      const time = now.toString(16).padStart(12, '0');
      text.write(`${time.slice(0, 8)}-${time.slice(8)}`, 'latin1');
    }
    for (const place of ofChance) text[place] = digits[digit() % 16] ?? 0;
    text[ofVariant] = digits[8 + (digit() % 4)] ?? 0;
    return text.toString('latin1');
  };
};
