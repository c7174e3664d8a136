// Reads the rows of a log page by page and parses what is JSON in them, nothing else, and tells how many it read a second.
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';

type Row = { readonly position: number; readonly data: string; readonly metadata: string };

/** Rows a second of a log. */
const readThrough = (log: string): number => {
  const db = new DatabaseSync(log, { readOnly: true });
  const page = db.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT 1000');
  const begun = performance.now();
  let count = 0;
  for (let rows = page.all(0) as Row[]; rows.length > 0; rows = page.all(rows.at(-1)?.position ?? 0) as Row[]) {
    for (const { data, metadata } of rows) {
      JSON.parse(data);
      JSON.parse(metadata);
    }
    count += rows.length;
  }
  const rate = (count / (performance.now() - begun)) * 1_000;
  db.close();
  return rate;
};

const [log] = (await once(process, 'message')) as [string];
process.send?.(readThrough(log), () => process.disconnect());
