import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { adminKey, appOfFile, tickingClock } from '../support/app.ts';
import type { Answer, Call } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';
import { operationsOf, pathOf } from '../support/operations.ts';

const app = appOfFile(tickingClock());

/** How long each search may take, in milliseconds. */
const patience = 4_000;

const nasty = fc.constantFrom(
  ...['', ' ', '\0', '%', '%00', '%E0%A4%A', '..', '../..', "'", '"', ';--', '\\', '/', '//', '{}', '[object Object]'],
  ...['null', 'NaN', '-1', '0', '1e309', '9'.repeat(40), '\ud800', '\u202e\u{1F600}', '__proto__', 'constructor'],
  ...['a'.repeat(300), 'x'.repeat(5_000), '2026-13-45T99:99:99Z', '2026-03-10', 'toString', '*', '?', '#', '&a=b'],
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ maxLength: 10 }));
const anything = fc.oneof(
  text,
  fc.jsonValue(),
  fc.constantFrom(null, true, -0, 1e21, 1.5, [], {}, [[]], { toString: 1, length: -1, constructor: { prototype: {} } }),
);
const moments = fc.constantFrom('2026-03-10T11:00:00Z', '2026-03-09', 1_773_140_400_000, '1970-01-01');

/** One time in so many the second, else the first. */
const unless = <A, B>(times: number, usual: fc.Arbitrary<A>, rare: fc.Arbitrary<B>) =>
  fc.oneof({ weight: times - 1, arbitrary: usual }, { weight: 1, arbitrary: rare });
const seldom = <T>(times: number, rare: fc.Arbitrary<T>) => unless(times, fc.constant(undefined), rare);

/** A value of the kind that a field should have, or now and then another one. */
const maybe = <T>(good: fc.Arbitrary<T>) => unless(40, good, anything);
const some = <T>(fields: Record<string, fc.Arbitrary<T>>) =>
  fc.record(Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, maybe<unknown>(each)])), {
    requiredKeys: [],
  });

/** As `some`, with a value in every field. */
const all = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(Object.fromEntries(Object.entries(fields).map(([name, each]) => [name, maybe(each)])));

const people = fc.constantFrom('ada@example.com', 'grace@example.com', 'cookie@example.com', 'tablet@example.com');
const eventTypes = fc.constantFrom('page_view', 'signup', 'Demo Requested', 'identify', 'track', 'alias');
const keys = fc.oneof(fc.constantFrom('a', 'email', 'size', 'constructor', 'toString'), text);
const properties = fc.dictionary(keys, fc.oneof(anything, fc.constant(null)), { maxKeys: 4 });
const eventIds = fc.nat(500).map((n) => `e${n}`);
const activity = some<unknown>({
  userId: people,
  email: people,
  anonymousId: people,
  previousId: people,
  groupId: people,
  id: people,
  eventType: eventTypes,
  event: eventTypes,
  type: eventTypes,
  specversion: fc.constant('1.0'),
  source: people,
  eventId: eventIds,
  messageId: eventIds,
  sessionId: people,
  timestamp: moments,
  sentAt: moments,
  time: moments,
  properties,
  traits: properties,
  context: properties,
  data: properties,
  name: people,
  category: people,
  scopes: fc.constantFrom(['admin'], ['events:write'], []),
});
const operator = fc.constantFrom('eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'contains', 'exists');
const value = fc.constantFrom<unknown>(1, 'a', null, [1], ['a'], true, undefined);
const points = fc.constantFrom(0, 1, -5, 2.5, 10_000);
const ruleId = unless(20, fc.constantFrom('a', 'b', 'c', 'd', 'e', 'constructor'), fc.constant('__proto__'));
const group = unless(4, fc.constant(undefined), fc.constantFrom('g', 'toString'));
const rule = (more: Record<string, fc.Arbitrary<unknown>>, limits: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .tuple(all({ id: ruleId, points, ...more }), some({ group, ...limits }))
    .map(([its, rest]) => ({ ...its, ...rest }));
const model = some<unknown>({
  engagement: fc.array(
    rule(
      {
        when: all({
          eventType: fc.constantFrom('page_view', 'signup'),
          where: fc.array(all({ property: fc.constantFrom('a', 'a.b', '__proto__.x'), op: operator, value }), {
            maxLength: 1,
          }),
        }),
      },
      {
        limit: all({ times: fc.constantFrom(1, 2), per: fc.constantFrom('day', 'week', 'month', 'lead') }),
        decay: fc.oneof(all({ halfLifeDays: points }), all({ expireAfterDays: points })),
      },
    ),
    { maxLength: 2 },
  ),
  fit: fc.array(rule({ when: all({ trait: people, op: operator, value }) }, {}), { maxLength: 1 }),
  groups: unless(3, fc.constant({ g: { cap: 5 } }), fc.dictionary(ruleId, all({ cap: points }), { maxKeys: 2 })),
  qualificationThreshold: points,
  stages: fc.constantFrom(
    [{ name: 'cold', from: 0 }],
    [
      { name: 'a', from: -5 },
      { name: 'constructor', from: 2.5 },
    ],
    [],
  ),
});
const items = fc.array(maybe(activity), { maxLength: 4 });
const batch = some<unknown>({ events: items, batch: items, sentAt: moments, context: properties });

const broken = fc.oneof(
  text,
  fc.tuple(fc.json(), fc.nat(60)).map(([json, at]) => json.slice(0, at)),
  fc.constantFrom(
    '[',
    '[1,',
    '{"a":1e999}',
    `${'['.repeat(9_000)}${']'.repeat(9_000)}`,
    '\ufeff{}',
    '{"__proto__":{"a":1}}',
  ),
  fc.constant('{"userId":"ada","eventType":"x","properties":{"n":1e999,"__proto__":{"x":1}}}'),
  fc.array(activity, { maxLength: 3 }).map((lines) => lines.map((each) => JSON.stringify(each)).join('\n')),
);
const body = fc.oneof(activity, batch, model, anything, items, broken, fc.constant(undefined));

const onTheWire = fc.string({ unit: fc.constantFrom(...'aZ09 -_.:;,="%/\\\u00e9\u00ff'), maxLength: 20 });
const odd = (...usual: readonly string[]) => fc.oneof(fc.constantFrom(...usual), onTheWire);
const types = odd(
  ...['application/json', 'application/json; charset=utf-16', 'text/plain', 'application/x-www-form-urlencoded'],
  ...['application/x-ndjson', 'application/cloudevents+json', 'application/cloudevents-batch+json', 'text/xml', ''],
);
const anyHeader = {
  'content-type': types,
  'x-project-id': odd('nosuchproject'),
  'if-match': odd('"0"', '3', '*', 'W/"2"', '"1","2"'),
  'idempotency-key': odd('k1', '"k2"', '""'),
  // A position that is to come would be waited for.
  'leadfold-after-position': fc.constantFrom('0', '1', '-1', 'x', '1e3', '999999999999999999'),
  'x-correlation-id': odd('c1'),
  traceparent: odd('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
  accept: odd('*/*', 'text/html'),
  'accept-encoding': odd('gzip', 'br;q=2'),
  'ce-id': odd('1'),
  'ce-specversion': odd('1.0'),
  'ce-type': odd('signup'),
  'ce-source': odd('test'),
  'ce-userid': odd('ada', '%E0%A4%A'),
  authorization: odd('Bearer', 'Basic Og==', 'Bearer lf_a_b_c', 'Digest x'),
};

/** One or two headers that may be odd; more of them and no request would come past its headers. */
const headers = fc
  .subarray(Object.keys(anyHeader), { maxLength: 2 })
  .chain((names) => fc.record(Object.fromEntries(Object.entries(anyHeader).filter(([name]) => names.includes(name)))));

const packings = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  'not-packed': (bytes: string) => bytes,
} as const;

const queryNames = [
  'limit',
  'cursor',
  'sort',
  'q',
  'stage',
  'minScore',
  'maxScore',
  'assignee',
  'asOf',
  'order',
  'email',
];
const query = fc
  .array(
    fc.tuple(fc.oneof(fc.constantFrom(...queryNames, 'userId', 'anonymousId'), text), odd('1', '-score', 'asc', 'a')),
    {
      maxLength: 3,
    },
  )
  .map((pairs) => pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'));

const encode = (value: string): string => (value.isWellFormed() ? encodeURIComponent(value) : value.toWellFormed());

/** What is wrong with an answer; nothing when it is an answer as the API promises. */
const wrongWith = ({ status, headers: got, text: said, body: problem }: Answer, method: string): string | undefined => {
  const allowed = status < 500 || (status === 503 && problem?.code === 'not-there-yet' && 'retry-after' in got);
  if (!allowed) return `answers ${status}: ${said}`;
  if (status < 400 || method === 'HEAD') return undefined;
  if (!/^application\/problem\+json\b/.test(got['content-type'] ?? '')) return `is no problem document: ${said}`;
  const told = [problem.type, problem.title, problem.detail, problem.code, problem.traceId];
  if (problem.status !== status || told.some((each) => typeof each !== 'string')) return `says too little: ${said}`;
  return /\n\s+at |node:|SQLITE|\/src\//.test(said) ? `shows its inside: ${said}` : undefined;
};

const search = async (requests: fc.Arbitrary<Call>): Promise<void> => {
  const before = await app().head();
  const property = fc.asyncProperty(requests, async (call) => {
    expect(wrongWith(await app().transport(call), call.method)).toBeUndefined();
  });
  // Some of it must have been good enough to be recorded, or the search was in vain. On a busy machine that takes longer.
  for (let tries = 0; tries < 5 && (await app().head()) === before; tries++) {
    await fc.assert(property, { numRuns: 100_000, interruptAfterTimeLimit: patience, markInterruptAsFailure: false });
    await app().settled();
  }
  expect(await app().head()).toBeGreaterThan(before);
  expect((await app().transport({ method: 'GET', path: '/api/health' })).status).toBe(200);
};

const methods = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'];

it('Whatever is sent to any route, the answer is a success or a problem that says what is wrong', async () => {
  const project = await app().project();
  const { projectId, apiKey } = project;
  const { leadId } = mustBe(await project.send({ userId: 'ada', eventType: 'signup' }), 202).body;
  const wanted = { name: 'all', scopes: ['admin'] };
  const { key, keyId } = mustBe(
    await app().root('POST', `/api/projects/${projectId}/keys`, { body: wanted }),
    201,
  ).body;
  const jobId = `${projectId}.rescore-2`;
  const values = new Map(Object.entries({ projectId, leadId, keyId, jobId, version: '1', key: apiKey }));
  const operations = (await operationsOf(app())).filter(
    ({ path, method }) => !(method === 'DELETE' && path.includes('keys')),
  );

  const requests = fc
    .record({
      operation: fc.constantFrom(...operations),
      method: seldom(10, fc.constantFrom(...methods)),
      parameter: seldom(4, text),
      key: unless(8, fc.constantFrom(key, key, apiKey), fc.constant(undefined)),
      packing: seldom(6, fc.constantFrom('gzip', 'deflate', 'br', 'not-packed')),
      query,
      headers,
      body,
    })
    .map(({ operation, parameter, key: mine, packing, headers: more, body: payload, ...rest }): Call => {
      const method = rest.method ?? operation.method;
      const path = pathOf(operation, (name) => (parameter ?? values.get(name) ?? 'x').toWellFormed());
      const { authorization, 'content-type': type, ...others }: Readonly<Record<string, string>> = more;
      const said = typeof payload === 'string' ? payload : payload === undefined ? '' : JSON.stringify(payload);
      const bytes = packing ? packings[packing](said) : said;
      return {
        method,
        path: rest.query === '' ? path : `${path}?${rest.query}`,
        headers: {
          ...others,
          ...(mine === undefined ? authorization && { authorization } : bearer(mine)),
          ...(type !== undefined && { 'content-type': type }),
          ...(packing && { 'content-encoding': packing === 'not-packed' ? 'gzip' : packing }),
        },
        ...(!['GET', 'HEAD'].includes(method) && said !== '' && { body: bytes }),
      };
    });
  await search(requests);
});

it('Whatever is sent that is nearly right, the answer is a success or a problem that says what is wrong', async () => {
  const project = await app().project();
  const { projectId } = project;
  const one = (method: string, path: string, of: fc.Arbitrary<unknown>) =>
    of.map((sent): Call => ({ method, path, body: sent }));
  const paths = [
    '/api/events/ingest',
    '/api/events',
    '/v1/track',
    '/v1/identify',
    '/v1/page',
    '/v1/group',
    '/v1/alias',
  ];
  const requests = fc.oneof(
    ...paths.map((path) => one('POST', path, activity)),
    ...['/api/events/batch', '/v1/batch'].map((path) => one('POST', path, batch)),
    { weight: 3, arbitrary: one('PUT', `/api/projects/${projectId}/scoring-model`, model) },
    query.map((asked): Call => ({ method: 'GET', path: `/api/leads?${asked}` })),
    query.map((asked): Call => ({ method: 'GET', path: `/api/leads/lookup?${asked}` })),
    fc
      .constantFrom('timeline', 'score', 'events')
      .map((part): Call => ({ method: 'GET', path: `/api/leads/LEAD/${part}` })),
  );
  const { leadId } = mustBe(await project.send({ userId: 'ada', eventType: 'signup' }), 202).body;
  const root = { ...bearer(adminKey), 'x-project-id': projectId };
  await search(requests.map((call) => ({ ...call, path: call.path.replace('LEAD', leadId), headers: root })));
  const leads = await project.all('/api/leads');
  for (const lead of leads) expect((await project.get(`/api/leads/${lead.leadId}/score`)).leadId).toBe(lead.leadId);
});
