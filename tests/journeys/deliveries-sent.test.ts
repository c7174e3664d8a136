import { describe, expect, it } from 'vitest';
import { openTestApp } from '../support/app.ts';
import { sendingHere, withEndpoints } from '../support/endpoints.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

const types = ['lead.qualified'];

describe('What happens to a lead', () => {
  it('is told to an endpoint, once', async () => {
    await using app = await openTestApp({ env: sendingHere() });
    await using receiver = await openReceiver((_, __, response) => response.end());
    const { add, qualify, deliveries, delivery, project } = await withEndpoints(app);
    const endpointId = await add(receiver.port, { types });
    const leadId = await qualify({ userId: 'ada' });
    await app.settled();
    expect(receiver.received).toHaveLength(1);
    const [told] = receiver.received.map(({ body }) => JSON.parse(body.toString()));
    expect(told).toMatchObject({ type: 'lead.qualified', data: { projectId: project.projectId, leadId, count: 1 } });
    const [found] = await deliveries();
    expect(found).toMatchObject({ endpointId, leadId, state: 'succeeded', attempted: 1, webhookId: told.id });
    expect((await delivery(found.deliveryId)).attempts).toMatchObject([{ status: 200 }]);
  });
});
