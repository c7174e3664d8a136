import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

const counts = z.object({ rows: z.number(), activities: z.number(), events: z.number(), groups: z.number() });

const asked = (dataDir: string, sql: string, ...values: readonly number[]): unknown => {
  const db = new DatabaseSync(join(dataDir, 'events.db'), { readOnly: true });
  try {
    return db.prepare(sql).get(...values);
  } finally {
    db.close();
  }
};

/** The last position of a product's log. */
export const headOf = (dataDir: string): number =>
  z.object({ head: z.number() }).parse(asked(dataDir, 'SELECT coalesce(max(position), 0) AS head FROM events')).head;

/**
 * What a product's log has after a position: rows, activities, different event ids, and moments at which something was
 * committed, which are near enough commits.
 */
const storedAfter = (dataDir: string, position: number): z.infer<typeof counts> => {
  const sql = `SELECT count(*) AS rows, count(DISTINCT recorded_at) AS groups,
    count(*) FILTER (WHERE type = 'ActivityRecorded') AS activities,
    count(DISTINCT CASE type WHEN 'ActivityRecorded' THEN data ->> 'eventId' END) AS events
    FROM events WHERE position > ?`;
  return counts.parse(asked(dataDir, sql, position));
};

/** Throws unless a product's log has as many new activities as were acknowledged, each once. */
export const mustHaveStored = (dataDir: string, acknowledged: number, after = 0): z.infer<typeof counts> => {
  const stored = storedAfter(dataDir, after);
  if (stored.activities === acknowledged && stored.events === acknowledged) return stored;
  throw new Error(
    `${acknowledged} events were acknowledged, but the log has ${stored.activities} of ${stored.events} event ids: ` +
      'events were lost or doubled; look at the log before any figure',
  );
};
