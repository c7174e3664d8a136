import { expect, it } from 'vitest';
import { openLog, withoutSecrets } from '../../src/telemetry/log.ts';
import { bearer } from '../support/client.ts';
import { startServer } from '../support/server-process.ts';

const linesOf = (output: string) =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

it('The log has a line for each request, and none of what callers keep secret or of whom they tell, whatever they send', async () => {
  await using server = await startServer({ env: { LOG_LEVEL: 'trace' } });
  const project = await server.project('Secretive Ltd');
  const secrets = [
    's3cr3t-trait',
    'hidden-property',
    'evelyn@example.com',
    'mallory',
    'pass-phrase-in-query',
    'bad-key-value',
  ];
  const person = { email: 'evelyn@example.com', userId: 'mallory' };
  const rich = { ...person, traits: { name: 's3cr3t-trait' }, properties: { page: 'hidden-property' } };
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01`, 'x-correlation-id': 'my-request' };
  await project.send({ eventType: 'signup', ...rich }, headers);
  await project.send({ eventType: 7, ...rich });
  await project.batch([{ eventType: 'signup', ...rich }, { ...rich }, 'mallory']);
  const json = { 'content-type': 'application/json' };
  const send = (path: string, more: object) => server.transport({ method: 'POST', path, ...more });
  await send('/api/events/ingest', {
    headers: { ...bearer(project.apiKey), ...json },
    body: '{"email": "evelyn@example.com',
  });
  await send('/api/events/ingest', { headers: { ...bearer('bad-key-value'), ...json }, body: rich });
  await send('/v1/track', { headers: json, body: { writeKey: 'bad-key-value', event: 'x', ...rich } });
  await send('/v1/track', { headers: json, body: { writeKey: project.apiKey, event: 'x', ...rich } });
  await send('/api/events', {
    headers: { ...bearer(project.apiKey), 'content-type': 'text/evelyn@example.com' },
    body: 'mallory',
  });
  await send('/api/evelyn@example.com/mallory?key=pass-phrase-in-query', { headers: {} });
  await project.read('/api/leads/lookup?email=evelyn@example.com');
  await project.read('/api/leads?q=mallory&cursor=pass-phrase-in-query');
  await project.read('/api/leads/mallory%ZZ?x=pass-phrase-in-query');
  await server.transport({ method: 'GET', path: `/v1/projects/${project.apiKey}/settings` });
  await server.transport({ method: 'GET', path: '/metrics', headers: bearer('bad-key-value') });
  const { output } = await server.stop();

  const [adminKey, apiKey] = [server.root, project.apiKey] as const;
  expect(adminKey).toBeDefined();
  const lines = linesOf(output);
  const told = lines.map((line) => JSON.stringify(line)).join('\n');
  expect([...secrets, apiKey, apiKey.split('_').at(-1) ?? ''].filter((secret) => told.includes(secret))).toEqual([]);

  const answered = lines.filter(({ msg }) => msg === 'answered');
  expect(answered.length).toBeGreaterThanOrEqual(14);
  for (const line of answered) {
    expect(line).toMatchObject({ method: expect.any(String), route: expect.any(String), status: expect.any(Number) });
    expect(line).toMatchObject({ ms: expect.any(Number), correlationId: expect.any(String) });
  }
  expect(answered.find(({ correlationId }) => correlationId === 'my-request')).toMatchObject({
    trace,
    project: project.projectId,
    actor: `key:${project.apiKey.split('_').at(2)}`,
    method: 'POST',
    route: '/api/events/ingest',
    status: 202,
  });
  expect(answered.filter(({ actor }) => actor === '')).toEqual([]);
});

const logged = (fields: object): string => {
  const lines: string[] = [];
  openLog('info', undefined, { write: (line) => void lines.push(line) }).info(fields, 'said');
  return lines.join('');
};

it('Errors are logged by what they are and where, without the data in their texts and fields', () => {
  const cause = Object.assign(new Error('E11000 dup key: { email: "evelyn@example.com" }'), {
    keyValue: { a: 'evelyn' },
  });
  const away = 'mongodb://leadfold:pass-word@db:27017/leadfold?authSource=admin does not answer';
  const err = Object.assign(new Error(away, { cause }), { code: 'ECONNREFUSED', document: { email: 'evelyn' } });
  const line = logged({ err, error: away });
  expect(line).toContain('ECONNREFUSED');
  expect(line).toContain('log.test.ts');
  expect(line).toContain('db:27017');
  for (const secret of ['pass-word', 'evelyn', 'authSource']) expect(line).not.toContain(secret);
});

it('What is a secret by its name is not written', () => {
  const secret = 'do-not-tell';
  const line = logged({
    authorization: secret,
    headers: { a: secret },
    body: secret,
    email: secret,
    traits: { secret },
  });
  expect(line).not.toContain(secret);
  expect(line).toContain('said');
});

it.each([
  ['ada.lovelace+x@mail.example.co.uk wrote', '[email] wrote'],
  ['lf_abc_def_0123456789abcdefABCDEF0123456789 is revoked', '[key] is revoked'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer [redacted]'],
  ['esdb://admin:changeit@node1:2113 is away', 'esdb://[redacted]@node1:2113 is away'],
  ['GET /leads/lookup?email=x failed', 'GET /leads/lookup?[query] failed'],
  ['Stream lead-acme.8c1e is not at revision 3', 'Stream lead-acme.8c1e is not at revision 3'],
])('%s is written as %s', (text, written) => {
  expect(withoutSecrets(text)).toBe(written);
});
