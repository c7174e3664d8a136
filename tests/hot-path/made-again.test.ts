import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openTestApp, testClock } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import { salesOf } from '../support/sales.ts';

const people = Array.from({ length: 80 }, (_, n) => `person-${n}`);
const does = (eventType: string) => people.map((userId) => ({ eventType, userId, traits: { plan: 'team' } }));

/** How often a reader may begin: three looks at the log each, and the beginning of the tail and of the past. */
const beginnings = 150;

it('A start without read models over EventStoreDB is sent the log once a connection, and looks at each lead once', async () => {
  const clock = testClock();
  const standin = await startEventStoreStandin(0, undefined, clock.now);
  onTestFinished(() => standin.stop());
  await using app = await openTestApp({ clock, env: { EVENT_STORE: `${standin.url}&defaultDeadline=20000` } });
  const waiting = await app.project();
  const sales = await salesOf(app);
  await sales.team('sales');
  await sales.rep('ada', { capacity: 1_000 });
  for (const { batch } of [waiting, sales.project])
    for (const eventType of ['page_view', 'signup', 'page_view', 'contract_signed'])
      mustBe(await batch(does(eventType)), 200);
  await app.settled();
  const count = () => ({
    reads: standin.seen().filter((kind) => kind === 'read').length,
    appends: standin.seen().filter((kind) => kind === 'append').length,
    sent: standin.sent('subscribe'),
  });
  const before = { ...count() };
  await app.restart((dataDir) => {
    Object.assign(before, count());
    for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `read-models.db${end}`), { force: true });
  });
  await app.settled();
  const after = count();
  const facts = standin.log.all.filter(({ stream }) => !stream.startsWith('$'));
  expect(facts.length).toBeGreaterThan(2_000);
  expect(await waiting.get('/api/leads?limit=1')).toMatchObject({ data: [{}] });
  expect(after.appends).toBe(before.appends);
  expect(after.reads - before.reads).toBeLessThan(2 * people.length + beginnings);
  expect(after.sent - before.sent).toBeLessThan(2.2 * facts.length);
});
