import { randomFillSync } from 'node:crypto';

/** How many bytes of chance an id has: 74 bits of them. */
const idBytes = 10;

const variants = ['8', '9', 'a', 'b'] as const;

/**
 * A source of UUIDv7s (RFC 9562): ms since 1970, then chance. It asks the system for chance once for 512 ids, and writes the time
 * once for each ms: either costs more than all the rest of an id.
 */
export const newIds = (): (() => string) => {
  const pool = Buffer.alloc(512 * idBytes);
  let used = pool.length;
  let [written, time] = [NaN, ''];
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const now = Date.now();
    if (now !== written) {
      const digits = now.toString(16).padStart(12, '0');
      [written, time] = [now, `${digits.slice(0, 8)}-${digits.slice(8)}`];
    }
    const chance = pool.toString('hex', used, used + idBytes);
    const variant = variants[(pool[used + 9] ?? 0) % variants.length] ?? '8';
    used += idBytes;
    return `${time}-7${chance.slice(0, 3)}-${variant}${chance.slice(3, 6)}-${chance.slice(6, 18)}`;
  };
};
