import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { openTestApp } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { sendingHere, withEndpoints } from '../support/endpoints.ts';
import type { Received } from '../support/webhook-receiver.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

const types = ['lead.qualified'];

/** Answers with these statuses in turn, and then with 200. */
const answering = (...statuses: readonly number[]) => {
  const left = [...statuses];
  return (_: Received, __: unknown, response: ServerResponse): void => {
    response.statusCode = left.shift() ?? 200;
    response.end();
  };
};
const toldIn = (received: readonly Received[]): readonly Json[] =>
  received.map(({ body }) => JSON.parse(body.toString()));
const idsIn = (received: readonly Received[]) => received.map(({ headers }) => headers['webhook-id']);

describe('What happens to a lead', () => {
  it('is told to an endpoint, once', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using receiver = await openReceiver(answering());
    const { add, qualify, deliveries, delivery, project } = await withEndpoints(app);
    const endpointId = await add(receiver.port, { types });
    const leadId = await qualify({ userId: 'ada' }, { plan: 'pro' });
    await app.settled();
    const [told, ...others] = toldIn(receiver.received);
    expect(others).toEqual([]);
    expect(told).toMatchObject({ type: 'lead.qualified', data: { projectId: project.projectId, leadId, count: 1 } });
    expect(told.data).toMatchObject({
      identifiers: [{ kind: 'userId', value: 'ada' }],
      profile: { plan: 'pro' },
      stage: expect.any(String),
      score: expect.any(Number),
      threshold: expect.any(Number),
      factors: [expect.objectContaining({ points: expect.any(Number) })],
    });
    const [found] = await deliveries();
    expect(found).toMatchObject({ endpointId, leadId, state: 'succeeded', attempted: 1, webhookId: told.id });
    expect((await delivery(found.deliveryId)).attempts).toMatchObject([{ status: 200 }]);
  });

  it('is told again with the same id until it is taken, each time a while later', async () => {
    await using app = await openTestApp({ env: sendingHere('1s,1m') });
    await using receiver = await openReceiver(answering(500, 503));
    const { add, qualify, deliveries } = await withEndpoints(app);
    await add(receiver.port, { types });
    await qualify({ userId: 'ada' });
    expect(receiver.received).toHaveLength(1);
    app.clock.forward(1_200);
    await app.settled();
    expect(receiver.received).toHaveLength(2);
    app.clock.forward(30_000);
    await app.settled();
    expect(receiver.received).toHaveLength(2);
    expect(await deliveries('&state=pending')).toMatchObject([{ attempted: 2 }]);
    app.clock.forward(40_000);
    await app.settled();
    expect(new Set(idsIn(receiver.received))).toHaveLength(1);
    expect(await deliveries()).toMatchObject([{ state: 'succeeded', attempted: 3 }]);
  });

  it('is not told any more after the last wait, or when it is refused', async () => {
    await using app = await openTestApp({ env: sendingHere('1s') });
    await using receiver = await openReceiver(answering(500, 500, 404));
    const { add, qualify, deliveries } = await withEndpoints(app);
    await add(receiver.port, { types });
    await qualify({ userId: 'ada' });
    app.clock.forward(1_200);
    await app.settled();
    expect(await deliveries()).toMatchObject([{ state: 'failed', attempted: 2 }]);
    await qualify({ userId: 'bob' });
    expect(await deliveries()).toMatchObject([
      { state: 'failed', attempted: 1 },
      { state: 'failed', attempted: 2 },
    ]);
  });

  it('is told no sooner than the receiver asked for', async () => {
    await using app = await openTestApp({ env: sendingHere('1s') });
    await using receiver = await openReceiver((_, __, response) => {
      response.writeHead(429, { 'retry-after': '60' }).end();
    });
    const { add, qualify, deliveries } = await withEndpoints(app);
    await add(receiver.port, { types });
    await qualify({ userId: 'ada' });
    app.clock.forward(59_000);
    await app.settled();
    expect(receiver.received).toHaveLength(1);
    app.clock.forward(2_000);
    await app.settled();
    expect(await deliveries()).toMatchObject([{ attempted: 2 }]);
  });

  it('is told to an endpoint in its order, however long that takes', async () => {
    await using app = await openTestApp({ env: sendingHere('1s,1s,1s') });
    await using receiver = await openReceiver(answering(500, 500));
    const { add, project } = await withEndpoints(app);
    await add(receiver.port, { types: ['lead.captured', 'lead.scored', 'lead.stage_changed', 'lead.qualified'] });
    mustBe(await project.send({ userId: 'ada', eventType: 'signup' }), 202);
    mustBe(await project.send({ userId: 'ada', eventType: 'contract_signed' }), 202);
    for (let wait = 0; wait < 4; wait++) {
      await app.settled();
      app.clock.forward(1_200);
    }
    const sequences = toldIn(receiver.received).map(({ sequence }) => sequence);
    expect(sequences.length).toBeGreaterThan(4);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(new Set(idsIn(receiver.received).slice(0, 3))).toHaveLength(1);
  });

  it('is told to nobody by an endpoint that says it is gone, until it is enabled', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using receiver = await openReceiver(answering(410));
    const { add, qualify, endpoint, deliveries, ask, path } = await withEndpoints(app);
    const endpointId = await add(receiver.port, { types });
    await qualify({ userId: 'ada' });
    expect(await endpoint(endpointId)).toMatchObject({ state: 'disabled', disabled: { reason: 'gone' } });
    await qualify({ userId: 'bob' });
    expect(await deliveries()).toHaveLength(1);
    mustBe(await ask('POST', `${path}/endpoints/${endpointId}/enable`), 200);
    const eve = await qualify({ userId: 'eve' });
    expect((await deliveries('&state=succeeded')).map(({ leadId }: Json) => leadId)).toEqual([eve]);
  });

  it('is told when it is replayed, also what was missed, with the ids that it had', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using receiver = await openReceiver(answering());
    const { add, qualify, change, deliveries, ask, path } = await withEndpoints(app);
    const endpointId = await add(receiver.port, { types });
    await qualify({ userId: 'ada' });
    await change(endpointId, { enabled: false });
    await qualify({ userId: 'bob' });
    await change(endpointId, { enabled: true });
    expect(receiver.received).toHaveLength(1);
    const { jobId } = mustBe(await ask('POST', `${path}/endpoints/${endpointId}/replay`, {}), 202).body;
    await app.settled();
    expect((await app.root('GET', `/api/admin/jobs/${jobId}`)).body).toMatchObject({ status: 'completed', done: 2 });
    const ids = idsIn(receiver.received);
    expect([ids.length, new Set(ids).size]).toEqual([3, 2]);
    expect(await deliveries('&state=succeeded')).toHaveLength(2);
  });

  it('is told nobody once more when the read models are made again, nor after a restart', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using receiver = await openReceiver(answering(200, 500, 404));
    const { add, qualify, deliveries } = await withEndpoints(app);
    await add(receiver.port, { types });
    for (const userId of ['ada', 'bob', 'eve']) await qualify({ userId });
    const before = await deliveries();
    await app.restart((folder) => {
      for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `read-models.db${end}`), { force: true });
    });
    await app.settled();
    expect(await deliveries()).toEqual(before);
    expect(receiver.received).toHaveLength(3);
  });

  it('is told to others in time while one hangs', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using hanging = await openReceiver(() => undefined);
    await using fast = await openReceiver(answering());
    const { add, project } = await withEndpoints(app);
    await add(hanging.port, { types });
    await add(fast.port, { types });
    const users = Array.from({ length: 200 }, (_, n) => ({ userId: `u${n}`, eventType: 'contract_signed' }));
    mustBe(await project.batch(users), 200);
    // An attempt that hangs is given up after 15 s: by then the other endpoint must have had all of it.
    await expect.poll(() => hanging.received.length, { timeout: 20_000, interval: 20 }).toBeGreaterThan(0);
    await expect.poll(() => fast.received.length, { timeout: 14_000, interval: 20 }).toBe(200);
    expect(hanging.received.length).toBeLessThanOrEqual(16);
  });

  it('is told again with the same id when the process ended before it was taken', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using receiver = await openReceiver((_, __, response) => {
      if (receiver.received.length > 1) response.end();
    });
    const { add, project, deliveries } = await withEndpoints(app);
    await add(receiver.port, { types });
    mustBe(await project.send({ userId: 'ada', eventType: 'contract_signed' }), 202);
    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(1);
    await app.restart();
    await app.settled();
    expect([receiver.received.length, new Set(idsIn(receiver.received)).size]).toEqual([2, 1]);
    expect(await deliveries()).toMatchObject([{ state: 'succeeded', attempted: 1 }]);
  });

  it('is told no more to an endpoint that was removed', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using receiver = await openReceiver(answering(500));
    const { add, qualify, deliveries, ask, path } = await withEndpoints(app);
    const endpointId = await add(receiver.port, { types });
    await qualify({ userId: 'ada' });
    mustBe(await ask('DELETE', `${path}/endpoints/${endpointId}`), 204);
    app.clock.forward(60_000);
    await app.settled();
    expect(receiver.received).toHaveLength(1);
    expect(await deliveries()).toMatchObject([{ state: 'failed', attempted: 2 }]);
  });

  it('is forgotten 30 days after it was told', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using receiver = await openReceiver(answering());
    const { add, qualify, deliveries } = await withEndpoints(app);
    await add(receiver.port, { types });
    await qualify({ userId: 'ada' });
    app.clock.forward(30 * 24 * 3_600_000 + 1_000);
    await app.settled();
    expect(await deliveries()).toEqual([]);
    await app.restart((folder) => {
      for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `read-models.db${end}`), { force: true });
    });
    await app.settled();
    expect([receiver.received.length, await deliveries()]).toEqual([1, []]);
  });

  it('disables an endpoint that did nothing but fail for five days', async () => {
    await using app = await openTestApp({ env: sendingHere('31h,31h,31h,31h,31h') });
    await using receiver = await openReceiver((_, __, response) => {
      response.writeHead(503).end();
    });
    const { add, qualify, endpoint } = await withEndpoints(app);
    const endpointId = await add(receiver.port, { types });
    await qualify({ userId: 'ada' });
    for (let day = 0; day < 4; day++) {
      app.clock.forward(35 * 3_600_000);
      await app.settled();
    }
    expect(await endpoint(endpointId)).toMatchObject({ state: 'disabled', disabled: { reason: 'failing' } });
  });
});
