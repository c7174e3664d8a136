import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { meanwhile, unhurt } from '../support/bystander.ts';
import { childEnv } from '../support/child-env.ts';
import { bearer, mustBe } from '../support/client.ts';
import { startServer } from '../support/server-process.ts';

/** So many bodies of so many events of 32 KiB each, of so many visitors: 40 MB of log by 60 KB on the wire. */
const [bodies, events, visitors] = [10, 125, 50];
/** What a process may take that makes all of it again, in bytes: with its threads, each of which has a heap, and its caches. */
const mostMemory = 700 * 1024 * 1024;

const large = (n: number) => ({
  eventType: 'page_view',
  anonymousId: `visitor-${n % visitors}`,
  eventId: `large-${n}`,
  properties: { text: 'x'.repeat(32_000) },
});

it('Large events that are small on the wire hurt nobody, and the read models are made again of them in little memory', async () => {
  // A heap of a fifth of what `npm start` has.
  await using server = await startServer({
    env: { NODE_OPTIONS: `${childEnv()['NODE_OPTIONS']} --max-old-space-size=192` },
  });
  const [greedy, other] = [await server.project('Greedy'), await server.project('Other')];
  const send = async (body: number): Promise<void> => {
    const batch = Array.from({ length: events }, (_, index) => large(body * events + index));
    const answer = await server.transport({
      method: 'POST',
      path: '/api/events/batch',
      body: gzipSync(JSON.stringify({ events: batch })),
      headers: { ...bearer(greedy.apiKey), 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    mustBe(answer, 200);
  };
  const { seen } = await meanwhile(server.url(), other, async () => {
    for (let body = 0; body < bodies; body++) await send(body);
  });
  unhurt(seen);

  await server.kill();
  for (const end of ['', '-wal', '-shm']) rmSync(join(server.dataDir, `read-models.db${end}`), { force: true });
  await server.start();
  const { seen: again } = await meanwhile(server.url(), other, () => server.settled());
  unhurt(again);
  expect(await greedy.get('/api/leads?limit=200')).toMatchObject({ data: { length: visitors } });
  const [lead] = (await greedy.get('/api/leads?limit=1')).data;
  const facts = await greedy.all(`/api/leads/${lead.leadId}/events?limit=200`);
  expect(facts.filter(({ type }) => type === 'ActivityRecorded')).toHaveLength((bodies * events) / visitors);
  expect(server.mostMemory()).toBeLessThan(mostMemory);
});
