import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { mustBe } from '../support/client.ts';
import { sendingHere } from '../support/endpoints.ts';
import { allFacts } from '../support/engine.ts';
import type { ReceivedSpan } from '../support/otlp-receiver.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startServer } from '../support/server-process.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

const [trace, sendersSpan] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

/** The names of a span and of what it is a part of, from the span up. */
const wayUp = (spans: readonly ReceivedSpan[], span: ReceivedSpan | undefined): readonly string[] =>
  span
    ? [
        span.name,
        ...wayUp(
          spans,
          spans.find(({ spanId }) => spanId === span.parentSpanId),
        ),
      ]
    : [];

/** What a server stored and told of when it took a webhook that tells of its trace, and told an endpoint of what followed. */
const sent = async () => {
  await using told = await openReceiver((_, __, response) => response.writeHead(204).end());
  const collector = await startOtlpReceiver();
  await using server = await startServer({
    env: {
      ...sendingHere(),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'none',
    },
  });
  const project = await server.project();
  const add = async (what: string, body: object) =>
    mustBe(await project.asRoot('POST', `/api/projects/${project.projectId}/${what}`, { body }), 201).body;
  await add('endpoints', { url: `http://127.0.0.1:${told.port}/`, types: ['lead.qualified'] });
  const source = await add('sources', { name: 'Forms', scheme: 'standard' });
  const [body, now] = [JSON.stringify({ eventType: 'contract_signed', email: 'ada@example.com' }), new Date()];
  const headers = {
    traceparent: `00-${trace}-${sendersSpan}-01`,
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': new Webhook(source.secret).sign('msg_1', now, body),
  };
  mustBe(await server.transport({ method: 'POST', path: source.path, headers, body }), 202);
  await expect.poll(() => told.received.length, { timeout: 20_000 }).toBe(1);
  expect((await server.stop()).code).toBe(0);
  await collector.stop();
  const store = openSqliteEventStore(`${server.dataDir}/events.db`, { clock: () => new Date() });
  const facts = await allFacts(store);
  await store.close();
  return { facts, spans: collector.spans, delivery: told.received[0] };
};

it('One trace runs from a webhook that comes in through the facts to the webhook that goes out', async () => {
  const { facts, spans, delivery } = await sent();
  const traceOf = (type: string) => facts.find((fact) => fact.type === type)?.metadata.traceparent?.split('-') ?? [];
  for (const type of ['ActivityRecorded', 'LeadQualified', 'ReceiptCompleted', 'DeliveryAttempted'])
    expect([type, traceOf(type)[1]]).toEqual([type, trace]);

  // What goes out names the span that it is sent in, which is a part of what qualified the lead, which came with the webhook.
  const [, theirTrace, spanOfDelivery] = String(delivery?.headers['traceparent']).split('-');
  expect(theirTrace).toBe(trace);
  const deliver = spans.find(({ spanId }) => spanId === spanOfDelivery);
  const names = wayUp(spans, deliver);
  expect([names[0], names.at(-1)]).toEqual(['deliver lead.qualified', 'POST /webhooks/:sourceId']);
  expect(deliver?.parentSpanId).toBe(traceOf('LeadQualified')[2]);
  const received = spans.find(({ name }) => name === 'POST /webhooks/:sourceId');
  expect(received).toMatchObject({ traceId: trace, parentSpanId: sendersSpan });
  expect(JSON.stringify(spans)).not.toMatch(/ada@|whsec_/);
});
