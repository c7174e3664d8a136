import { describe, expect, it, onTestFinished } from 'vitest';
import { openTestApp, tickingClock } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { sendingHere, withEndpoints } from '../support/endpoints.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

const types = ['lead.qualified'];

/** A project with an endpoint, and whom that was told of, in order. */
const opened = async () => {
  const clock = tickingClock();
  const app = await openTestApp({ clock, env: sendingHere() });
  onTestFinished(app.close);
  const answers = { status: 200 };
  const receiver = await openReceiver((_, __, response) => response.writeHead(answers.status).end());
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  const project = await withEndpoints(app);
  const { add, ask, path } = project;
  const told = (): readonly Json[] => receiver.received.map(({ body }) => JSON.parse(body.toString()));
  const replay = async (endpointId: string, body?: object): Promise<Json> => {
    const { jobId } = mustBe(await ask('POST', `${path}/endpoints/${endpointId}/replay`, body), 202).body;
    await app.settled();
    await app.settled();
    return mustBe(await project.project.asRoot('GET', `/api/admin/jobs/${jobId}`), 200).body;
  };
  return { ...project, app, clock, answers, told, replay, add: () => add(receiver.port, { types }) };
};

const leadsIn = (told: readonly Json[]): readonly string[] => told.map(({ data }: Json) => data.leadId);

describe('A replay', () => {
  it('tells an endpoint what it was not told while it was disabled', async () => {
    const { add, change, qualify, told, replay } = await opened();
    const endpointId = await add();
    const ada = await qualify({ userId: 'ada' });
    await change(endpointId, { enabled: false });
    const bob = await qualify({ userId: 'bob' });
    await change(endpointId, { enabled: true });
    expect(leadsIn(told())).toEqual([ada]);
    expect(await replay(endpointId)).toMatchObject({ status: 'completed', result: { deliveries: 2 } });
    expect(leadsIn(told()).toSorted()).toEqual([ada, ada, bob].toSorted());
    // What it had is the same again, so that it can tell.
    expect(new Set(told().map(({ id }: Json) => id)).size).toBe(2);
  });

  it('is of a span of time', async () => {
    const { add, clock, qualify, told, replay, change } = await opened();
    const endpointId = await add();
    await change(endpointId, { enabled: false });
    const leads: string[] = [];
    const times: string[] = [];
    for (const userId of ['ada', 'bob', 'cyd']) {
      clock.forward(3_600_000);
      times.push(clock.now().toISOString());
      leads.push(await qualify({ userId }));
    }
    await change(endpointId, { enabled: true });
    const [, after, until] = times;
    expect(await replay(endpointId, { after, until })).toMatchObject({ result: { deliveries: 1 } });
    expect(leadsIn(told())).toEqual([leads[1]]);
    expect(await replay(endpointId, { until: after })).toMatchObject({ result: { deliveries: 1 } });
    expect(leadsIn(told())).toEqual([leads[1], leads[0]]);
  });

  it('tells a new endpoint of what was before it, when asked for that', async () => {
    const { add, qualify, told, replay } = await opened();
    const ada = await qualify({ userId: 'ada' });
    const endpointId = await add();
    expect(await replay(endpointId)).toMatchObject({ result: { deliveries: 0 } });
    expect(await replay(endpointId, { after: '2020-01-01T00:00:00Z' })).toMatchObject({ result: { deliveries: 1 } });
    expect(leadsIn(told())).toEqual([ada]);
  });

  it('asks for nothing that is still pending', async () => {
    const { add, answers, clock, qualify, told, replay } = await opened();
    answers.status = 500;
    const endpointId = await add();
    await qualify({ userId: 'ada' });
    expect(told()).toHaveLength(1);
    await replay(endpointId);
    expect(told()).toHaveLength(1);
    answers.status = 200;
    clock.forward(3_600_000);
    await replay(endpointId, { after: '2100-01-01T00:00:00Z' });
    expect(told()).toHaveLength(2);
  });

  it('is one at a time for an endpoint, however many ask at once', async () => {
    const { add, ask, path, app } = await opened();
    const [endpointId, other] = [await add(), await add()];
    const url = `${path}/endpoints/${endpointId}/replay`;
    const jobsOf = (answers: readonly Json[]) => new Set(answers.map((answer) => mustBe(answer, 202).body.jobId));
    const same = jobsOf(await Promise.all(Array.from({ length: 20 }, () => ask('POST', url, { after: 5 }))));
    expect(same.size).toBe(1);
    // To answer with the job that is open would say that it replays this span.
    const refused = await ask('POST', url, { after: 6 });
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-requests']);
    expect((await ask('POST', `${path}/endpoints/${other}/replay`, { after: 6 })).status).toBe(202);
    await app.settled();
    expect(jobsOf([await ask('POST', url, { after: 6 })])).not.toEqual(same);
    await app.settled();
  });

  it('is known by its Idempotency-Key when it has ended, also behind another', async () => {
    const { add, ask, path, project, app } = await opened();
    const url = `${path}/endpoints/${await add()}/replay`;
    const once = { headers: { 'idempotency-key': 'once' } };
    const first = mustBe(await project.asRoot('POST', url, once), 202).body;
    await app.settled();
    expect(mustBe(await project.asRoot('POST', url, once), 202).body).toEqual(first);
    expect(mustBe(await ask('POST', url), 202).body).not.toEqual(first);
    await app.settled();
    expect(mustBe(await project.asRoot('POST', url, once), 202).body).toEqual(first);
  });

  it.each([
    { after: 5, until: 4 },
    { after: '2026-03-01T12:00:00Z', until: '2026-03-01T12:30:00+01:00' },
  ])('is of no span that ends before it begins, as %j', async (body) => {
    const { add, ask, path } = await opened();
    const answer = await ask('POST', `${path}/endpoints/${await add()}/replay`, body);
    expect([answer.status, answer.body]).toEqual([
      400,
      expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/after' })] }),
    ]);
  });

  it('is one for a retry with the same Idempotency-Key, and is of an endpoint that is there', async () => {
    const { add, ask, path, project, app } = await opened();
    const endpointId = await add();
    const url = `${path}/endpoints/${endpointId}/replay`;
    const once = { headers: { 'idempotency-key': 'once' } };
    const [one, two] = [await project.asRoot('POST', url, once), await project.asRoot('POST', url, once)];
    expect([one.status, two.body]).toEqual([202, one.body]);
    expect((await ask('POST', `${path}/endpoints/none/replay`)).status).toBe(404);
    expect((await ask('POST', url, { after: 'yesterday' })).status).toBe(400);
    await app.settled();
  });
});
