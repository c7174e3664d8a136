import { describe, expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { salesOf } from '../support/sales.ts';

const app = appOfFile();

/** A project with an endpoint that nobody is at: what it is told stays pending. */
const opened = async (wanted: object = {}) => {
  const sales = await salesOf(app());
  const { ask, path } = sales;
  const url = 'https://hooks.invalid/';
  const add = async (more: object = {}): Promise<string> =>
    mustBe(await ask('POST', `${path}/endpoints`, { url, ...wanted, ...more }), 201).body.endpointId;
  const list = (query = ''): Promise<readonly Json[]> => sales.project.all(`${path}/deliveries?limit=2${query}`);
  return { ...sales, add, list };
};

const typesOf = (deliveries: readonly Json[]): readonly string[] => deliveries.map(({ type }: Json) => type);

describe('The deliveries of a project', () => {
  it('are of what its endpoints want to be told, the newest first', async () => {
    const { add, list, qualify, project } = await opened();
    const endpointId = await add({ types: ['lead.captured', 'lead.qualified'] });
    const leadId = await qualify({ userId: 'ada' });
    expect(typesOf(await list())).toEqual(['lead.qualified', 'lead.captured']);
    const [last] = await list();
    expect(last).toMatchObject({ endpointId, leadId, type: 'lead.qualified', state: 'pending' });
    const { attempts, ...one } = await project.get(`/api/projects/${project.projectId}/deliveries/${last.deliveryId}`);
    expect([Object.keys(one).toSorted(), Array.isArray(attempts)]).toEqual([Object.keys(last).toSorted(), true]);
  });

  it('are found by endpoint, lead and state', async () => {
    const { add, list, qualify } = await opened({ types: ['lead.qualified'] });
    const [one, two] = [await add(), await add()];
    const [ada, bob] = [await qualify({ userId: 'ada' }), await qualify({ userId: 'bob' })];
    const found = async (query: string) =>
      (await list(query)).map(({ endpointId, leadId }: Json) => [endpointId, leadId]);
    expect(await found(`&endpointId=${one}`)).toEqual([
      [one, bob],
      [one, ada],
    ]);
    expect((await found(`&leadId=${ada}`)).toSorted()).toEqual(
      [
        [one, ada],
        [two, ada],
      ].toSorted(),
    );
    expect(await found(`&endpointId=${two}&leadId=${bob}&state=pending`)).toEqual([[two, bob]]);
    expect(await found('&state=succeeded')).toEqual([]);
  });

  it('are of nobody else', async () => {
    const { add, list, qualify } = await opened();
    await add({ types: ['lead.qualified'] });
    await qualify({ userId: 'ada' });
    const [{ deliveryId }] = (await list()) as [Json];
    const other = await salesOf(app(), 'Other');
    expect(await other.project.all(`${other.path}/deliveries`)).toEqual([]);
    expect((await other.project.read(`${other.path}/deliveries/${deliveryId}`)).status).toBe(404);
    expect((await other.ask('POST', `${other.path}/deliveries/${deliveryId}/redeliver`)).status).toBe(404);
  });

  it('are made for no endpoint while it is disabled', async () => {
    const { add, ask, list, path, qualify } = await opened({ types: ['lead.qualified'] });
    const endpointId = await add();
    const enabled = async (body: object) => mustBe(await ask('PATCH', `${path}/endpoints/${endpointId}`, body), 200);
    await enabled({ enabled: false });
    await qualify({ userId: 'ada' });
    await enabled({ enabled: true });
    const bob = await qualify({ userId: 'bob' });
    expect((await list()).map(({ leadId }: Json) => leadId)).toEqual([bob]);
    const [{ deliveryId }] = (await list()) as [Json];
    expect((await ask('POST', `${path}/deliveries/${deliveryId}/redeliver`)).status).toBe(202);
    await enabled({ enabled: false });
    const refused = await ask('POST', `${path}/deliveries/${deliveryId}/redeliver`);
    expect([refused.status, refused.body.code]).toEqual([409, 'endpoint-disabled']);
    expect((await ask('POST', `${path}/deliveries/none/redeliver`)).body.code).toBe('delivery-unknown');
  });

  it('are listed by cursors of their own', async () => {
    const { add, project, path, qualify } = await opened({ types: ['lead.qualified'] });
    await add();
    for (const userId of ['ada', 'bob', 'cyd']) await qualify({ userId });
    const { nextCursor } = await project.get(`${path}/deliveries?limit=2`);
    expect((await project.get(`${path}/deliveries?limit=2&cursor=${nextCursor}`)).data).toHaveLength(1);
    const elsewhere = await project.read(`${path}/deliveries?limit=2&state=pending&cursor=${nextCursor}`);
    expect([elsewhere.status, elsewhere.body.code]).toEqual([400, 'invalid-cursor']);
    expect((await project.read(`${path}/deliveries?state=sent`)).status).toBe(400);
  });
});

it('A test of an endpoint is a delivery about no lead, which can be read as soon as it is told', async () => {
  const { add, ask, path, project } = await opened();
  const endpointId = await add({ types: ['lead.closed'] });
  const { deliveryId } = mustBe(await ask('POST', `${path}/endpoints/${endpointId}/test`), 202).body;
  const delivery = mustBe(await project.request('GET', `${path}/deliveries/${deliveryId}`), 200).body;
  expect(delivery).toMatchObject({ endpointId, type: 'endpoint.test', state: 'pending' });
  expect(delivery).not.toHaveProperty('leadId');
});
