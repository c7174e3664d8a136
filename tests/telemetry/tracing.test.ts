import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { openTestApp } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import type { ReceivedSpan } from '../support/otlp-receiver.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startServer } from '../support/server-process.ts';
import { startStandIns } from '../support/stand-in-processes.ts';

const callersTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const callersSpan = '00f067aa0ba902b7';
const traceparent = `00-${callersTrace}-${callersSpan}-01`;

/** Where a process sends what the receiver can read. */
const asJson = (endpoint: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_METRICS_EXPORTER: 'none',
});

/** All facts of a folder's log, as they were stored. */
const factsIn = async (dataDir: string) => {
  const store = openSqliteEventStore(`${dataDir}/events.db`, { clock: () => new Date() });
  const ending = new AbortController();
  const head = await store.head();
  const facts = [];
  for await (const { events, position } of store.follow(0, ending.signal)) {
    facts.push(...events);
    if (position >= head) break;
  }
  ending.abort();
  await store.close();
  return facts;
};

/** The names of a span and of what it is a part of, from the span up. */
const wayUp = (spans: readonly ReceivedSpan[], span: ReceivedSpan): readonly string[] => {
  const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return above ? [span.name, ...wayUp(spans, above)] : [span.name];
};

const notKept = '5af92f3577b34da6a3ce929d0e0e4736';

/** What a server sent and stored while it recorded, was told of a trace that is not kept, published a model and refused. */
const sentOfAll = async () => {
  const receiver = await startOtlpReceiver();
  await using server = await startServer({
    env: { ...asJson(receiver.endpoint), OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test' },
  });
  const project = await server.project();
  mustBe(await project.send({ eventType: 'signup', email: 'ada@example.com' }, { traceparent }), 202);
  const path = `/api/projects/${project.projectId}/scoring-model`;
  const model = { engagement: [{ id: 'came', when: { eventType: 'signup' }, points: 7 }] };
  mustBe(await project.asRoot('PUT', path, { body: model }), 200);
  // Another caller says that its trace is not kept.
  const told = { traceparent: `00-${notKept}-${callersSpan}-00` };
  mustBe(await project.send({ eventType: 'page_view', userId: 'bob' }, told), 202);
  await server.settled();
  expect((await project.request('GET', '/api/leads/lookup?email=nobody@example.com')).status).toBe(404);
  expect((await project.send({ eventType: 7, userId: 'mallory' })).status).toBe(400);
  expect((await project.request('GET', '/api/no/mallory')).status).toBe(404);
  expect((await server.stop()).code).toBe(0);
  const { spans, resources } = receiver;
  await receiver.stop();
  return { spans, resources, projectId: project.projectId, facts: await factsIn(server.dataDir) };
};
const sent: { all?: Awaited<ReturnType<typeof sentOfAll>> } = {};
beforeAll(async () => {
  sent.all = await sentOfAll();
});
const all = () => {
  if (!sent.all) throw new Error('All was sent before the first test');
  return sent.all;
};

it('One trace runs from a request through the log to what a reactor did, projections link to it, and of one that its caller does not keep there is none', () => {
  const { spans, resources, projectId, facts } = all();
  expect(resources[0]).toMatchObject({ 'service.name': 'leadfold', 'deployment.environment': 'test' });

  // The caller's trace goes on: request, command, append.
  const append = spans.find(({ name, traceId }) => name === 'append lead' && traceId === callersTrace);
  if (!append) throw new Error(`No append among ${spans.map(({ name }) => name).join(', ')}`);
  expect(wayUp(spans, append)).toEqual(['append lead', 'command RecordActivities', 'POST /api/events/ingest']);
  const request = spans.find(({ name }) => name === 'POST /api/events/ingest');
  expect(request).toMatchObject({ parentSpanId: callersSpan, kind: 2 });
  expect(request?.attributes).toMatchObject({
    'http.route': '/api/events/ingest',
    'leadfold.project': projectId,
  });

  // The facts have the span of the command that they are of.
  const signup = facts.find(({ type }) => type === 'ActivityRecorded');
  expect(signup?.metadata.traceparent).toBe(`00-${callersTrace}-${append.parentSpanId}-01`);

  // Of what is not kept there are no spans, and the facts say so.
  expect(spans.filter(({ traceId }) => traceId === notKept)).toEqual([]);
  const untraced = facts.filter(({ type }) => type === 'ActivityRecorded').at(-1);
  expect(untraced?.metadata.traceparent).toMatch(new RegExp(`^00-${notKept}-[0-9a-f]{16}-00$`));

  // Projections link to it, and are no part of it.
  const projected = spans.filter(({ name }) => name === 'project leads');
  expect(projected.flatMap(({ links }) => links.map(({ spanId }) => spanId))).toContain(append.parentSpanId);
  expect(projected.filter(({ traceId, parentSpanId }) => traceId === callersTrace || parentSpanId)).toEqual([]);

  // What follows from a fact is of the trace of that fact.
  const requested = facts.find(({ type }) => type === 'JobRequested');
  const [, traceOfJob, spanOfJob] = requested?.metadata.traceparent?.split('-') ?? [];
  const put = spans.find(({ name }) => name.startsWith('PUT '));
  expect(traceOfJob).toBe(put?.traceId);
  const command = spans.find(({ spanId }) => spanId === spanOfJob);
  if (!command) throw new Error('The span that the job was requested in was not sent');
  expect(wayUp(spans, command)).toEqual([
    ...['command RequestJob', 'intent rescore-leads', 'react rescore-leads'],
    ...['command PublishScoringModel', 'PUT /api/projects/:projectId/scoring-model'],
  ]);

  // Nobody's data is in what leaves the process.
  expect(JSON.stringify(spans)).not.toContain('ada@');
});

it(
  'What is asked of EventStoreDB and MongoDB is a part of the request, and nothing is a trace that nobody asked for',
  { timeout: 120_000 },
  async () => {
    const receiver = await startOtlpReceiver();
    const stores = await startStandIns();
    const dataDir = mkdtempSync(join(tmpdir(), 'leadfold-traced-'));
    const rootKey = '7b1f0c93d2a84e65b0f7a6c1e8d94f23';
    writeFileSync(join(dataDir, 'admin-key'), rootKey);
    await using server = await startServer({
      dataDir,
      env: { ...asJson(receiver.endpoint), ...stores.env, LEADFOLD_ADMIN_KEY: rootKey },
    });
    const project = await server.project();
    const { body } = await project.send({ eventType: 'signup', email: 'ada@example.com' });
    mustBe(await project.request('GET', `/api/leads/${body.leadId}`), 200);
    expect((await server.stop()).code).toBe(0);
    const { spans } = receiver;
    await receiver.stop();
    await stores.close();

    const ways = spans.map((span) => wayUp(spans, span));
    const append = 'grpc.event_store.client.streams.Streams/Append';
    expect(ways).toContainEqual([append, 'append lead', 'command RecordActivities', 'POST /api/events/ingest']);
    expect(ways).toContainEqual(['find docs.leads', 'GET /api/leads/:leadId']);
    expect(ways).toContainEqual(['update docs.leads', 'project leads']);
    const calls = spans.filter(({ kind }) => kind === 3);
    expect(calls.filter(({ parentSpanId }) => !parentSpanId)).toEqual([]);
    expect(JSON.stringify(spans)).not.toContain('ada@');
  },
);

it('A request that is refused did not fail, and its span has neither its path nor the text of the error', () => {
  const { spans } = all();
  const requests = spans.filter(({ kind }) => kind === 2).slice(-3);
  expect(requests.map(({ name }) => name)).toEqual(['GET /api/leads/lookup', 'POST /api/events/ingest', 'GET none']);
  expect(requests.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([404, 400, 404]);
  expect(requests.filter(({ status }) => status?.code === 2)).toEqual([]);
  expect(JSON.stringify(spans)).not.toMatch(/nobody@|mallory/);
});

it('Traces and metrics go to one address as protobuf, unless something else is said that is understood', async () => {
  const receiver = await startOtlpReceiver();
  const env = { LOG_LEVEL: 'warn', OTEL_TRACES_SAMPLER: 'no_such_sampler' };
  await using server = await startServer({ env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } });
  await server.project();
  const { code, output } = await server.stop();
  expect(code).toBe(0);
  expect(output).toMatch(/"msg":"OpenTelemetry: [^\n]*no_such_sampler/);
  await receiver.stop();
  expect([...receiver.came].toSorted()).toEqual([
    '/v1/metrics application/x-protobuf',
    '/v1/traces application/x-protobuf',
  ]);
});

it('Metrics are sent where somebody takes them, with what Prometheus is told, and of traces what the sampler keeps', async () => {
  const receiver = await startOtlpReceiver();
  await using server = await startServer({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRIC_EXPORT_INTERVAL: '200',
      OTEL_SERVICE_NAME: 'leads',
      OTEL_TRACES_SAMPLER: 'always_off',
    },
  });
  mustBe(await (await server.project()).send({ eventType: 'signup', userId: 'ada' }, { traceparent }), 202);
  const told = ['leadfold_commands_total', 'process_resident_memory_bytes', 'v8js.memory.heap.used'];
  const missing = () => told.filter((name) => !receiver.metrics.some((metric) => metric.name === name));
  await expect.poll(missing, { timeout: 30_000 }).toEqual([]);
  expect(receiver.resources.at(-1)).toMatchObject({ 'service.name': 'leads' });
  expect((await server.stop()).code).toBe(0);
  await receiver.stop();
  expect(receiver.spans).toEqual([]);
});

it('Without anybody who takes spans, the trace of the caller is kept with the facts as it came', async () => {
  await using app = await openTestApp();
  const project = await app.project();
  mustBe(await project.send({ eventType: 'signup', userId: 'ada' }, { traceparent }), 202);
  const facts = await factsIn(app.dataDir);
  expect(facts.find(({ type }) => type === 'ActivityRecorded')?.metadata.traceparent).toBe(traceparent);
});

it('When nobody answers where spans should go, requests are answered, the log says so once, as of a share of traces that is none, and the process ends in time', async () => {
  // A port that nobody listens on.
  const receiver = await startOtlpReceiver();
  await receiver.stop();
  await using server = await startServer({
    env: {
      LOG_LEVEL: 'warn',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: 'much',
    },
  });
  const project = await server.project();
  const items = Array.from({ length: 1_200 }, (_, n) => ({ eventType: 'page_view', userId: `user-${n}` }));
  const { body } = await project.batch(items);
  expect(body.accepted).toBe(1_200);
  expect((await project.send({ eventType: 'signup', userId: 'ada' })).status).toBe(202);
  const { code, took, output } = await server.stop();
  expect(code).toBe(0);
  expect(took).toBeLessThan(8_000);
  expect(output.match(/traces are not taken/g)?.length).toBe(1);
  // A share that is none is told, and all are kept.
  expect(output).toMatch(/"msg":"OpenTelemetry: [^\n]*OTEL_TRACES_SAMPLER_ARG/);
});
