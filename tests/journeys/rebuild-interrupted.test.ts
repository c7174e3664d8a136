import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { answersOf, numbersFrom } from '../support/answers.ts';
import { mustBe } from '../support/client.ts';
import { startServer } from '../support/server-process.ts';

const types = ['signup', 'page_view', 'download', 'demo_request'];
const events = Array.from({ length: 400 }, (_, n) => ({ userId: `user-${n % 40}`, eventType: types[n % 4] }));

const below = numbersFrom(Date.now());
/** In ms after a rebuild was asked for, and after the start: in the building; about the change, or while the old generation is still kept. */
const moments = [below(60), 200 + below(760)];

it(`A rebuild goes on when the server is killed ${moments.join(', ')} ms after it was asked for, and nothing is lost`, async () => {
  await using server = await startServer();
  const project = await server.project();
  for (let n = 0; n < events.length; n += 200) mustBe(await project.batch(events.slice(n, n + 200)), 200);
  await server.settled();
  const before = await answersOf(project);

  const { jobId } = mustBe(await server.root('POST', '/api/admin/projections/leads/rebuild'), 202).body;
  for (const moment of moments) {
    await sleep(moment);
    await server.kill();
    await server.start();
    expect((await project.all('/api/leads?limit=200')).length).toBe(40);
  }
  await server.settled();
  const job = mustBe(await server.root('GET', `/api/admin/jobs/${jobId}`), 200).body;
  expect(job).toMatchObject({ status: 'completed', result: { generation: 1, documentsBefore: 40, documents: 40 } });
  expect(await answersOf(project)).toEqual(before);

  mustBe(await project.send({ userId: 'user-1', eventType: 'signup' }), 202);
  await server.settled();
  expect((await server.root('GET', '/api/admin/system-health')).body.status).toBe('healthy');
}, 60_000);
