import type { DatabaseSync } from 'node:sqlite';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { visitor } from './events.ts';

/** How many leads to write, from which visitor on, and how many activities each of them has. */
export type Leads = { readonly first?: number; readonly leads: number; readonly activities: number };

// Text of SQL that makes an id of its own for each fact: `nth` is the fact's number in its stream, `hex` the lead's.
const uuid = (kind: number): string => `0190000${kind}-0000-7000-8000-' || nth || hex || '`;
const text = (parts: readonly string[]): string => `'${parts.join('')}'`;

const metadata = text([
  ...[`{"commandId":"import-' || nth || hex || '","correlationId":"import-' || hex || '",`],
  ...[`"causationId":"import-' || nth || hex || '","version":1}`],
]);
const captured = text([
  ...[
    `{"projectId":"' || :project || '","leadId":"' || id || '","identifier":{"kind":"anonymousId","value":"' || visitor || '"},`,
  ],
  ...[`"capturedAt":"' || time || '","stage":"cold"}`],
]);
// No rule scores it, so that each activity is one row.
const recorded = text([
  ...[`{"eventId":"${uuid(1)}","eventType":"article_read","source":"api","occurredAt":"' || time || '",`],
  ...[`"receivedAt":"' || time || '","properties":{"n":' || revision || '}}`],
]);

/** Rows for a stretch of the leads, lead by lead: so the index is only ever added to at its end, and each page written once. */
const insert = `INSERT INTO events
  SELECT NULL, stream, revision, ${text([uuid(2)])}, iif(revision = 0, 'LeadCaptured', 'ActivityRecorded'),
    iif(revision = 0, ${captured}, ${recorded}), ${metadata}, :at, NULL
  FROM (SELECT * FROM leads ORDER BY stream LIMIT :limit OFFSET :offset) CROSS JOIN facts`;

const table = (
  db: DatabaseSync,
  [name, columns]: readonly [string, string],
  rows: readonly (readonly (string | number)[])[],
): void => {
  db.exec(`DROP TABLE IF EXISTS temp.${name}; CREATE TEMP TABLE ${name} ${columns}`);
  const marks = (rows[0] ?? []).map(() => '?').join(', ');
  const add = db.prepare(`INSERT INTO ${name} VALUES (${marks})`);
  for (const row of rows) add.run(...row);
};

const leadsAStep = 20_000;

/**
 * Writes facts into a log as the product would have: leads of the visitors that `visitor` names, each captured and with so many
 * activities, of a type that no rule scores. They are recorded lead by lead, as by an import, not by the time they occurred.
 */
export const writeFacts = (db: DatabaseSync, project: string, { first = 0, leads, activities }: Leads): void => {
  const rows = Array.from({ length: leads }, (_, index) => {
    const n = first + index;
    const id = leadIdOf(project, { kind: 'anonymousId', value: visitor(n) });
    return [`lead-${project}.${id}`, id, visitor(n), n.toString(16).padStart(7, '0')];
  });
  const facts = Array.from({ length: activities + 1 }, (_, n) => {
    const time = new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString();
    return [n, n.toString(16).padStart(5, '0'), time];
  });
  table(db, ['leads', '(stream TEXT PRIMARY KEY, id TEXT, visitor TEXT, hex TEXT) WITHOUT ROWID'], rows);
  table(db, ['facts', '(revision INTEGER PRIMARY KEY, nth TEXT, time TEXT)'], facts);
  const step = db.prepare(insert);
  for (let offset = 0; offset < leads; offset += leadsAStep)
    step.run({ project, at: Date.UTC(2026, 0, 31), limit: leadsAStep, offset });
};
