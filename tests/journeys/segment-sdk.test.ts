import { Analytics } from '@segment/analytics-node';
import { describe, expect, it } from 'vitest';
import type { Ingesting } from '../api/ingest/given.ts';
import { ingesting } from '../api/ingest/given.ts';
import type { Fault } from '../support/fault-proxy.ts';
import { openFaultProxy } from '../support/fault-proxy.ts';

const listening = async (app: Ingesting): Promise<string> => app.app.listen({ port: 0, host: '127.0.0.1' });

/** The unmodified client, and what it says could not be delivered. */
const clientOf = (host: string, writeKey: string) => {
  const client = new Analytics({ host, writeKey, flushAt: 20, maxRetries: 3 });
  const failures: unknown[] = [];
  client.on('error', (error) => failures.push(error));
  return { client, failures };
};

describe("Segment's Node client, unmodified", () => {
  it('delivers every kind of call as the right facts', async () => {
    await using app = await ingesting();
    const { client, failures } = clientOf(await listening(app), app.key);
    client.page({ anonymousId: 'a-1', messageId: 'm-1', name: 'Pricing', category: 'Docs', properties: { url: '/p' } });
    client.screen({ anonymousId: 'a-1', messageId: 'm-2', name: 'Home' });
    client.identify({
      userId: 'u-1',
      anonymousId: 'a-1',
      messageId: 'm-3',
      traits: { email: 'Ada@x.io', plan: 'pro' },
    });
    client.track({ userId: 'u-1', messageId: 'm-4', event: 'Demo Requested', properties: { seats: 5 } });
    client.group({ userId: 'u-1', messageId: 'm-5', groupId: 'g-1', traits: { name: 'Acme', email: 'info@acme.io' } });
    client.alias({ userId: 'u-1', previousId: 'a-2', messageId: 'm-6' });
    client.track({ userId: 'u-1', messageId: 'm-7', event: 'Old', timestamp: '2020-02-03T04:05:06.000Z' });
    await client.closeAndFlush();
    expect(failures).toEqual([]);

    const activities = await app.activities();
    const byId = Object.fromEntries(activities.map((each) => [each.eventId, each]));
    expect(Object.keys(byId).sort()).toEqual(['m-1', 'm-2', 'm-3', 'm-4', 'm-5', 'm-6', 'm-7']);
    expect(byId).toMatchObject({
      'm-1': {
        eventType: 'page_view',
        properties: { name: 'Pricing', category: 'Docs', url: '/p' },
        source: 'segment',
      },
      'm-2': { eventType: 'screen_view', properties: { name: 'Home' } },
      'm-3': { eventType: 'identify', traits: { email: 'Ada@x.io', plan: 'pro' } },
      'm-4': { eventType: 'demo_requested', properties: { seats: 5 } },
      'm-5': { eventType: 'group', properties: { groupId: 'g-1', traits: { name: 'Acme', email: 'info@acme.io' } } },
      'm-6': { eventType: 'alias' },
      'm-7': { eventType: 'old' },
    });
    const facts = await app.facts();
    const recorded = facts.filter(({ type }) => type === 'ActivityRecorded' || type === 'LeadAbsorbed');
    const leads = new Set(recorded.map(({ stream }) => stream));
    const known = facts.flatMap(({ type, data }) =>
      type === 'LeadCaptured' || type === 'IdentifierAdded' ? [data] : [],
    );
    expect(leads.size).toBe(1);
    expect(known.map((each) => (each as { identifier: { value: string } }).identifier.value).sort()).toEqual([
      'a-1',
      'a-2',
      'ada@x.io',
      'u-1',
    ]);
  });

  it('is believed about how long ago something was, whatever its clock says', async () => {
    await using app = await ingesting();
    const { client } = clientOf(await listening(app), app.key);
    const hourMs = 3_600_000;
    client.track({ userId: 'u-1', event: 'Old', timestamp: new Date(Date.now() - hourMs) });
    await client.closeAndFlush();
    const [activity] = await app.activities();
    const ago = Date.parse(activity?.receivedAt ?? '') - Date.parse(activity?.occurredAt ?? '');
    expect(ago).toBeGreaterThanOrEqual(hourMs);
    expect(ago).toBeLessThan(hourMs + 60_000);
  });

  it.each<[string, Fault, readonly (number | 'dropped')[]]>([
    ['the server failed', { answer: 500 }, [500, 200]],
    ['the server asked to wait', { answer: 429, headers: { 'Retry-After': '1' } }, [429, 200]],
    ['the connection broke after the facts were recorded', { dropAfter: 'answered' }, ['dropped', 200]],
  ])('sends again where %s, and each message is one fact', async (_, fault, seen) => {
    await using app = await ingesting();
    await using proxy = await openFaultProxy(await listening(app), [fault]);
    const { client, failures } = clientOf(proxy.url, app.key);
    client.track({ userId: 'u-1', messageId: 'm-1', event: 'Signup' });
    client.page({ anonymousId: 'a-1', messageId: 'm-2' });
    await client.closeAndFlush();
    expect(failures).toEqual([]);
    expect(proxy.seen()).toEqual(seen);
    expect((await app.activities()).map(({ eventId }) => eventId).sort()).toEqual(['m-1', 'm-2']);
  });
});
