import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { numbersFrom } from '../support/answers.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { sendingHere } from '../support/endpoints.ts';
import { startServer } from '../support/server-process.ts';
import type { Received } from '../support/webhook-receiver.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

const types = ['lead.captured', 'lead.scored', 'lead.qualified'];
const [kills, leads] = [3, 40];

/** What was told of each lead, in the order in which it came for the first time. */
const firstTold = (received: readonly Received[]): ReadonlyMap<string, readonly number[]> => {
  const [known, told] = [new Set<string>(), new Map<string, number[]>()];
  for (const { body } of received) {
    const { id, sequence, data }: Json = JSON.parse(body.toString());
    if (known.has(id)) continue;
    known.add(id);
    told.set(data.leadId, [...(told.get(data.leadId) ?? []), sequence]);
  }
  return told;
};

it('A server that is killed while it sends tells all of it, each lead in its order, with the ids that it had', async () => {
  await using server = await startServer({ env: { ...sendingHere('50ms,50ms,50ms,50ms,50ms'), LOG_LEVEL: 'error' } });
  const below = numbersFrom(7);
  await using receiver = await openReceiver((_: Received, __: unknown, response: ServerResponse) => {
    setTimeout(() => {
      response.statusCode = below(10) === 0 ? 503 : 200;
      response.end();
    }, below(60));
  });
  const project = await server.project();
  const url = `http://127.0.0.1:${receiver.port}/`;
  const path = `/api/projects/${project.projectId}`;
  mustBe(await project.asRoot('POST', `${path}/endpoints`, { body: { url, types } }), 201);
  for (let round = 0; round < kills; round++) {
    const events = Array.from({ length: leads }, (_, n) => [
      { userId: `u${n}`, eventType: 'signup' },
      { userId: `u${n}`, eventType: round === 0 ? 'contract_signed' : 'demo_request' },
    ]).flat();
    mustBe(await project.batch(events), 200);
    const seen = receiver.received.length;
    await expect
      .poll(() => receiver.received.length, { timeout: 40_000, interval: 5 })
      .toBeGreaterThan(seen + below(30));
    await server.kill();
    await server.start();
  }
  const open = async (): Promise<number> => (await project.all(`${path}/deliveries?limit=200&state=pending`)).length;
  await expect.poll(open, { timeout: 120_000, interval: 250 }).toBe(0);
  const made: readonly Json[] = await project.all(`${path}/deliveries?limit=200`);
  const told = new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
  expect(new Set(made.map(({ webhookId }: Json) => webhookId))).toEqual(told);
  expect(made.filter(({ state }: Json) => state !== 'succeeded')).toEqual([]);
  expect(told.size).toBeGreaterThan(leads * 2);
  for (const sequences of firstTold(receiver.received).values())
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
}, 240_000);
