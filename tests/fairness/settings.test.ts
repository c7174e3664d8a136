import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { modelSchema } from '../../src/domain/scoring/scoring-model.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import type { Witness } from '../support/bystander.ts';
import { meanwhile, unhurt } from '../support/bystander.ts';
import type { Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';

const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** The dearest rules that there may be for one type: conditions that all hold but the last, and decay by half. */
const dearest = (points: number) => {
  const where = many(20, (n) => ({ property: `p${n}`, op: 'ne', value: n }));
  const rule = (n: number, more: object) => ({ id: `r${n}`, points, ...more });
  return {
    engagement: [
      ...many(5, (n) => rule(n, { when: { eventType: 'page_view', where } })),
      ...many(15, (n) => rule(5 + n, { when: { eventType: 'page_view' }, decay: { halfLifeDays: 36_500 } })),
    ],
    fit: many(60, (n) => ({ id: `f${n}`, points: 1, when: { trait: 'note', op: 'contains', value: 'aaaaab' } })),
  };
};

const properties = Object.fromEntries(many(20, (n) => [`p${n}`, `value ${n}`]));
const view = (id: string) => ({ eventType: 'page_view', anonymousId: 'greedy', eventId: id, properties });

/** Does something at so many places at once, again and again, for so many ms; resolves with how often. */
const flood = async (width: number, ms: number, does: (n: number) => Promise<unknown>): Promise<number> => {
  const end = performance.now() + ms;
  let count = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < end) await does(count++);
  };
  await Promise.all(many(width, work));
  return count;
};

/** Bodies of almost 4 MiB for every setting. */
const huge = (projectId: string) => {
  const url = `/api/projects/${projectId}`;
  const groups = Object.fromEntries(many(190_000, (n) => [`group${n}`, { cap: 1 }]));
  const asked = [
    ['PUT', `${url}/scoring-model`, { groups }],
    ['PUT', `${url}/routing-rules`, { regions: Object.fromEntries(many(190_000, (n) => [`region${n}`, ['DE']])) }],
    ['PUT', `${url}/reply-policy`, { steps: many(1_000_000, () => ({})) }],
    ['POST', `${url}/reps`, { name: 'Ada', skills: many(1_000_000, () => ({})) }],
    ['PATCH', `${url}/reps/ada`, { regions: many(900_000, () => 'DE') }],
    ['POST', `${url}/teams`, { name: 'Sales', regions: many(900_000, () => 'DE') }],
    ['POST', `${url}/keys`, { name: 'x', scopes: many(500_000, () => 'a') }],
  ] as const;
  return asked.map(([method, path, body]) => [method, path, JSON.stringify(body)] as const);
};

/** It comes up, is healthy, and serves another project meanwhile; says what that one saw. */
const comeUp = async (server: ServerProcess, greedy: Project, other: Project): Promise<Witness> => {
  await server.start();
  const { seen, result } = await meanwhile(server.url(), other, async () => {
    mustBe(await greedy.send(view(`after-${performance.now()}`)), 202);
    const end = performance.now() + 20_000;
    for (;;) {
      const health = await server.transport({ method: 'GET', path: '/api/health' });
      if (health.status === 200 || performance.now() > end) return health.status;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  expect({ result, failures: seen.failures }).toEqual({ result: 200, failures: [] });
  return seen;
};

/** A model with far more groups than there may be by now, as it may be in a log of before. */
const appendOldModel = async (dataDir: string, projectId: string): Promise<void> => {
  const store = openSqliteEventStore(join(dataDir, 'events.db'), { clock: () => new Date() });
  const stream = `project-${projectId}`;
  const known = await store.read(stream);
  const model = { ...modelSchema.parse({}), groups: Object.fromEntries(many(190_000, (n) => [`g${n}`, { cap: 1 }])) };
  const metadata = { commandId: 'once:old', correlationId: 'old', causationId: 'old', version: 1 };
  const data = { version: 100, model, publishedAt: '2026-01-01T00:00:00.000Z' };
  const id = '00000000-0000-4000-8000-000000000000';
  await store.append(stream, known.events.at(-1)?.revision ?? -1, [
    { type: 'ScoringModelPublished', data, id, metadata },
  ]);
  await store.close();
};

it('The settings of one project stop no other one, nor a start after them', async () => {
  await using server = await startServer();
  const [greedy, other] = [await server.project('Greedy'), await server.project('Other')];
  const model = `/api/projects/${greedy.projectId}/scoring-model`;
  mustBe(await greedy.asRoot('PUT', model, { body: dearest(0.01) }), 200);
  const note = 'a'.repeat(30_000);
  mustBe(await greedy.send({ ...view('first'), traits: { note } }), 202);
  for (let n = 0; n < 5; n++) mustBe(await greedy.batch(many(500, (at) => view(`${n}-${at}`))), 200);

  const scoring = await meanwhile(server.url(), other, () => flood(20, 1_000, (n) => greedy.send(view(`more-${n}`))));
  expect(scoring.result).toBeGreaterThan(20);
  unhurt(scoring.seen);

  const bodies = huge(greedy.projectId);
  const refusing = await meanwhile(server.url(), other, async () => {
    for (const [method, path, body] of bodies) {
      const { status } = await greedy.asRoot(method, path, { body });
      expect({ path, status }).toEqual({ path, status: 413 });
    }
  });
  unhurt(refusing.seen);

  const publishing = await meanwhile(server.url(), other, () =>
    flood(4, 1_000, async (n) => {
      await greedy.asRoot('PUT', model, { body: dearest((n % 50) / 100) });
      await greedy.asRoot('GET', `${model}/versions?limit=200`);
    }),
  );
  unhurt(publishing.seen);

  await server.kill();
  unhurt(await comeUp(server, greedy, other));
  await server.kill();
  // Nobody can put such a model into a log any more, and it takes a quarter of a second to read: it is enough to come up.
  await appendOldModel(server.dataDir, greedy.projectId);
  for (const end of ['', '-wal', '-shm']) rmSync(join(server.dataDir, `read-models.db${end}`), { force: true });
  await comeUp(server, greedy, other);
});
