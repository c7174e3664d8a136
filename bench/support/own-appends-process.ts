// Appends to the product's own event store.
import { DatabaseSync } from 'node:sqlite';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { answerWithAppends } from './appends.ts';

await answerWithAppends(async (file) => {
  const store = openSqliteEventStore(file, { clock: () => new Date() });
  return {
    append: (stream, revision, event) => store.append(stream, revision, [event]),
    stored: () => {
      const db = new DatabaseSync(file, { readOnly: true });
      const sql = `SELECT count(*) AS facts, count(DISTINCT stream || ' ' || revision) AS places FROM events`;
      const { facts, places } = db.prepare(sql).get() ?? {};
      db.close();
      return { facts: Number(facts), places: Number(places) };
    },
  };
});
