import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { answersOf, numbersFrom } from '../support/answers.ts';
import { openTestApp } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';

const clients = 8;
const people = 25;
const types = ['page_view', 'signup', 'download', 'demo_request', 'unsubscribe', 'unheard'];

type Below = (below: number) => number;

/** A person by one or two of three identifiers, so that leads of one person meet now and then. */
const someone = (below: Below) => {
  const person = below(people);
  const [userId, email, anonymousId] = [`user-${person}`, `p${person}@example.com`, `cookie-${person}`];
  return (
    [{ userId }, { email }, { anonymousId }, { userId, anonymousId }, { email, anonymousId }][below(5)] ?? { userId }
  );
};

/** What the senders know: what was acknowledged, and what they sent without an answer and will send again. */
type Ledger = { readonly acknowledged: Map<string, string>; unanswered: object[]; next: number };

/** Sends activities from several clients until so many are acknowledged; then pulls the plug while others are under way. */
const loadUntilKilled = async (
  server: ServerProcess,
  project: Project,
  ledger: Ledger,
  below: Below,
): Promise<void> => {
  const goal = ledger.acknowledged.size + 5 + below(120);
  const state: { killed?: Promise<void> } = {};
  const client = async (): Promise<void> => {
    while (!state.killed) {
      const again = ledger.unanswered.splice(0, 3);
      const fresh = Array.from({ length: 1 + below(6) }, () => {
        const eventType = types[below(types.length)];
        return { ...someone(below), eventId: `e${ledger.next++}`, eventType, properties: { n: below(1_000) } };
      });
      const events = [...again, ...fresh];
      try {
        const { status, body } = await project.batch(events);
        if (status !== 200 || body.rejected > 0) throw new TypeError(`Not taken: ${JSON.stringify(body)}`);
        for (const { eventId, leadId } of body.results) ledger.acknowledged.set(eventId, leadId);
      } catch (error) {
        // A request that was cut off may or may not have been recorded.
        if (!state.killed) throw error;
        ledger.unanswered.push(...events);
      }
      if (ledger.acknowledged.size >= goal) state.killed ??= server.kill();
    }
    await state.killed;
  };
  await Promise.all(Array.from({ length: clients }, client));
};

/** Sends one event a request from many clients at once until so many are acknowledged, then kills the server under them. */
const floodUntilKilled = async (server: ServerProcess, project: Project, ledger: Ledger, goal: number) => {
  const enough = ledger.acknowledged.size + goal;
  const state: { killed?: Promise<void> } = {};
  const client = async (): Promise<void> => {
    while (!state.killed) {
      const n = ledger.next++;
      const eventId = `e${n}`;
      try {
        const sent = { eventId, anonymousId: `visitor-${n % 60}`, eventType: types[n % types.length] };
        const { status, body } = await project.send(sent);
        if (status !== 202) throw new TypeError(`Not taken: ${status}`);
        ledger.acknowledged.set(eventId, body.leadId);
      } catch (error) {
        if (!state.killed) throw error;
      }
      if (ledger.acknowledged.size >= enough) state.killed ??= server.kill();
    }
    await state.killed;
  };
  await Promise.all(Array.from({ length: 64 }, client));
};

it('A server that is killed again and again, under mixed load and at full load, loses nothing it acknowledged and counts nothing twice', async () => {
  await using server = await startServer();
  const project = await server.project();
  const ledger: Ledger = { acknowledged: new Map(), unanswered: [], next: 0 };
  const below = numbersFrom(20260310);
  await loadUntilKilled(server, project, ledger, below);
  await server.start();
  // Waits for the last acknowledged position: the projections go on from where they were.
  expect((await project.get('/api/leads?limit=1')).data).toHaveLength(1);
  await floodUntilKilled(server, project, ledger, 200);
  await server.start();
  expect((await project.get('/api/leads?limit=1')).data).toHaveLength(1);
  await server.settled();
  expect(ledger.acknowledged.size).toBeGreaterThanOrEqual(205);

  const before = await answersOf(project);
  const eventIds = before.timelines.flatMap((timeline) => timeline.map(({ eventId }) => eventId));
  expect(new Set(eventIds).size).toBe(eventIds.length);
  const stored = new Set(eventIds);
  expect([...ledger.acknowledged.keys()].filter((eventId) => !stored.has(eventId))).toEqual([]);
  expect(before.dashboard.totals.activities).toBe(eventIds.length);
  for (const [at, { leadId, score, activities }] of before.leads.entries()) {
    expect(activities).toBe(before.timelines[at]?.length);
    const explanation = await project.get(`/api/leads/${leadId}/score`);
    const sum = explanation.contributions.reduce((total: number, { points }: Json) => total + points, 0);
    expect({ score: explanation.score, sum }).toEqual({ score, sum: score });
  }
  for (const leadId of new Set(ledger.acknowledged.values())) {
    expect((await project.read(`/api/leads/${leadId}`)).status).toBe(200);
  }

  const { code, took } = await server.stop();
  expect(code).toBe(0);
  // Nobody asks for anything: there is nothing to wait for.
  expect(took).toBeLessThan(4_000);
  for (const file of globSync('read-models.db*', { cwd: server.dataDir })) rmSync(join(server.dataDir, file));
  await using app = await openTestApp({ dataDir: server.dataDir });
  await app.settled();
  expect(await answersOf(app.known(project.projectId, project.apiKey))).toEqual(before);
}, 90_000);
