// Appends to emmett's SQLite event store, one at a time over one connection that stays open. Its other ways are no measure:
// a connection for each append is slower and fails with many writers, and many writers over one connection share a
// transaction, so that they are answered before it is committed. Plain JavaScript, for its packages may not be installed.
import { DatabaseSync } from 'node:sqlite';
import { getSQLiteEventStore, sqliteConnection } from '@event-driven-io/emmett-sqlite';
import { answerWithAppends } from '../support/appends.ts';

const open = async (fileName) => {
  const connection = sqliteConnection({ fileName });
  // It asks for the journal itself, but doesn't wait for it: what comes at once may find the file without, or busy.
  const { journal_mode: journal } = await connection.querySingle('PRAGMA journal_mode = WAL');
  const { synchronous } = await connection.querySingle('PRAGMA synchronous');
  if (journal !== 'wal' || synchronous !== 2)
    throw new Error(`emmett's file has journal ${journal} and synchronous ${synchronous}, not WAL and FULL as ours`);
  const store = getSQLiteEventStore({ fileName, connectionOptions: { connection, singleton: true } });
  await store.schema.migrate();

  let last = Promise.resolve();
  const inTurn = (work) => {
    last = last.then(work, work);
    return last;
  };
  return {
    // Revisions count from 1 in emmett, so a stream that is empty is at 0; knowing the revision spares it a query.
    append: (stream, revision, { type, data, metadata }) =>
      inTurn(() =>
        store.appendToStream(stream, [{ type, data, metadata }], { expectedStreamVersion: BigInt(revision + 1) }),
      ),
    stored: () => {
      const db = new DatabaseSync(fileName, { readOnly: true });
      const sql = `SELECT count(*) AS facts, count(DISTINCT stream_id || ' ' || stream_position) AS places FROM emt_messages`;
      const { facts, places } = db.prepare(sql).get();
      db.close();
      return { facts, places };
    },
  };
};

await answerWithAppends(open);
