import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const idBytes = 16;

/** A source of UUIDv7s. It asks the system for chance once for 512 ids: asking costs more than all the rest of an id. */
export const newIds = (): (() => string) => {
  const pool = Buffer.alloc(512 * idBytes);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += idBytes;
    return v7({ random: pool.subarray(used - idBytes, used) });
  };
};
