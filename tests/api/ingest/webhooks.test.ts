import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, it, onTestFinished } from 'vitest';
import type { ApiContext } from '../../../src/api/http/context.ts';
import { as, boot, newKey, newProject } from '../support.ts';

const now = new Date('2026-03-01T12:00:00.000Z');

const opened = async () => {
  const kept: { secrets?: ApiContext['secrets'] } = {};
  const booted = await boot(({ secrets }) => (kept.secrets = secrets) && {});
  onTestFinished(() => booted[Symbol.asyncDispose]());
  const { projectId } = await newProject(booted);
  const { key } = await newKey(booted, projectId, ['config:write', 'leads:read']);
  const ask = async (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    payload?: object,
    headers: object = {},
  ) => {
    const answer = await booted.app.inject({
      method,
      url: `/api/projects/${projectId}${path}`,
      headers: { ...as(key), ...headers },
      ...(payload && { payload }),
    });
    return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() };
  };
  const send = async (path: string, body: string | Buffer, headers: Record<string, string>) => {
    const answer = await booted.app.inject({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/json', ...headers },
      payload: body,
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  return { ...booted, projectId, kept, ask, send };
};

const standard = (secret: string, id: string, body: string, at = now) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
  'webhook-signature': new Webhook(secret).sign(id, at, body),
});

it('A webhook of a source is an activity, and the same again is a duplicate', async () => {
  const { ask, send } = await opened();
  const { status, body: source } = await ask('POST', '/sources', { name: 'Forms', scheme: 'standard' });
  expect({ status, source }).toMatchObject({
    status: 201,
    source: { scheme: 'standard', enabled: true, secret: expect.stringMatching(/^whsec_/) },
  });
  expect(source.path).toBe(`/webhooks/${source.sourceId}`);
  const body = JSON.stringify({ eventType: 'form_sent', email: 'ada@example.com' });
  const first = await send(source.path, body, standard(source.secret, 'msg_1', body));
  expect(first).toMatchObject({
    status: 202,
    body: { status: 'queued', results: [{ status: 'queued', eventId: `${source.sourceId}:msg_1` }] },
  });
  const again = await send(source.path, body, standard(source.secret, 'msg_1', body));
  expect(again).toMatchObject({ status: 202, body: { status: 'duplicate', receiptId: first.body.receiptId } });
  expect((await ask('GET', `/receipts/${first.body.receiptId}`)).body).toMatchObject({
    status: 'queued',
    sourceId: source.sourceId,
  });
});

it('A webhook that is not signed, by another, or long ago is refused', async () => {
  const { ask, send } = await opened();
  const { body: source } = await ask('POST', '/sources', { name: 'Forms', scheme: 'standard' });
  const { body: other } = await ask('POST', '/sources', { name: 'Other', scheme: 'standard' });
  const body = JSON.stringify({ eventType: 'form_sent', email: 'ada@example.com' });
  const late = new Date(now.getTime() - 301_000);
  for (const [headers, code] of [
    [{}, 'signature-missing'],
    [standard(other.secret, 'msg_1', body), 'signature-invalid'],
    [standard(source.secret, 'msg_1', `${body} `), 'signature-invalid'],
    [standard(source.secret, 'msg_1', body, late), 'signature-expired'],
  ] as const)
    expect(await send(source.path, body, headers)).toMatchObject({ status: 401, body: { code } });
  expect(await send('/webhooks/nobody-abcdefghijkl', body, {})).toMatchObject({
    status: 404,
    body: { code: 'source-unknown' },
  });
  await ask('PATCH', `/sources/${source.sourceId}`, { enabled: false });
  expect(await send(source.path, body, standard(source.secret, 'msg_1', body))).toMatchObject({
    status: 403,
    body: { code: 'source-disabled' },
  });
});

it('What a sender calls its own is mapped, and a form is read too', async () => {
  const { ask, send } = await opened();
  const mapping = {
    eventType: { pointer: '/kind', map: { won: 'deal_won' }, default: 'crm' },
    email: '/contact/mail',
    traits: { company: '/contact/org' },
  };
  const { body: source } = await ask('POST', '/sources', { name: 'CRM', scheme: 'token', mapping });
  const headers = { authorization: `Bearer ${source.secret}` };
  const one = await send(
    source.path,
    JSON.stringify([{ kind: 'won', contact: { mail: 'ada@example.com', org: 'AE' } }, { kind: 'x' }]),
    headers,
  );
  expect(one).toMatchObject({
    status: 202,
    body: { status: 'queued', results: [{ status: 'queued' }, { status: 'rejected' }] },
  });
  const { body: forms } = await ask('POST', '/sources', {
    name: 'Forms',
    scheme: 'token',
    mapping: { eventType: { value: 'form_sent' }, email: '/your-mail' },
  });
  const form = await send(`${forms.path}?token=${forms.secret}`, 'your-mail=bob%40example.com', {
    'content-type': 'application/x-www-form-urlencoded',
  });
  expect(form).toMatchObject({ status: 202, body: { status: 'queued' } });
});

it.each([
  [1_769_851_800, '2026-01-31T09:30:00.000Z'],
  [1_769_851_800.25, '2026-01-31T09:30:00.250Z'],
  [1_769_851_800_000, '2026-01-31T09:30:00.000Z'],
  ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00.000Z'],
  // Dates as numbers are no seconds, and nothing else: the time of arrival counts.
  [20_260_131, now.toISOString()],
])('The time that a mapping leads to is in seconds, in ms or in ISO 8601: %j', async (at, occurredAt) => {
  const { ask } = await opened();
  const mapping = { eventType: { value: 'paid' }, email: '/mail', timestamp: '/at' };
  const { body: source } = await ask('POST', '/sources', { name: 'Pay', scheme: 'stripe', mapping });
  const path = `/sources/${source.sourceId}/test`;
  const { body } = await ask('POST', path, { body: { at, mail: 'ada@example.com' } });
  expect(body.items).toMatchObject([{ occurredAt }]);
});

it.each([
  [{ scheme: 'standard' }, 'webhook-id, webhook-timestamp and webhook-signature'],
  [{ scheme: 'stripe' }, 'Stripe-Signature'],
  [{ scheme: 'token' }, 'Authorization: Bearer, or as ?token='],
  [{ scheme: 'hmac-sha256', signature: { header: 'X-Sign', encoding: 'hex' } }, 'needed is x-sign in the headers'],
  [
    { scheme: 'hmac-sha256', signature: { header: 'X-Sign', encoding: 'hex', timestampHeader: 'X-Time' } },
    'needed is x-sign and x-time in the headers',
  ],
])('A webhook that is not signed is told what its source asks for: %j', async (of, needed) => {
  const { ask, send } = await opened();
  const { body: source } = await ask('POST', '/sources', { name: 'Forms', ...of });
  const { status, body } = await send(source.path, '{}', {});
  expect([status, body.code, body.detail]).toEqual([401, 'signature-missing', expect.stringContaining(needed)]);
});

it('A webhook by a secret that the vault has lost is to be sent again, and holds once the source has another one', async () => {
  const { ask, send, kept } = await opened();
  const { body: source } = await ask('POST', '/sources', { name: 'Forms', scheme: 'standard' });
  const body = JSON.stringify({ eventType: 'form_sent', email: 'ada@example.com' });
  const sent = async (secret: string) => {
    const answer = await send(source.path, body, standard(secret, 'msg_1', body));
    return [answer.status, answer.body.code];
  };
  const secrets = await ask('GET', `/sources/${source.sourceId}/secrets`);
  await kept.secrets?.remove(source.sourceId, secrets.body[0].secretId);
  expect(await sent(source.secret)).toEqual([503, 'vault-unavailable']);
  const { body: rotated } = await ask('POST', `/sources/${source.sourceId}/rotate`, {});
  expect(await sent(rotated.secret)).toEqual([202, undefined]);
  expect(await sent(source.secret)).toEqual([503, 'vault-unavailable']);
});

it('Both secrets hold while one takes the place of the other', async () => {
  const { ask, send } = await opened();
  const signature = { header: 'x-signature', encoding: 'hex' };
  const { body: source } = await ask('POST', '/sources', { name: 'S', scheme: 'hmac-sha256', signature });
  const rotated = await ask('POST', `/sources/${source.sourceId}/rotate`, { overlapHours: 1 });
  expect(rotated).toMatchObject({
    status: 200,
    body: { validUntil: new Date(now.getTime() + 3_600_000).toISOString() },
  });
  let n = 0;
  for (const secret of [source.secret, rotated.body.secret]) {
    const body = JSON.stringify({ eventType: 'x', userId: `u${n++}` });
    const headers = { 'x-signature': createHmac('sha256', secret).update(body).digest('hex') };
    expect(await send(source.path, body, headers)).toMatchObject({ status: 202, body: { status: 'queued' } });
  }
  const secrets = await ask('GET', `/sources/${source.sourceId}/secrets`);
  expect(secrets.body.map(({ state }: { state: string }) => state)).toEqual(['current', 'former']);
});

it('A webhook of more items than a batch may have is refused, and nothing of it is kept', async () => {
  const { ask, send } = await opened();
  const { body: source } = await ask('POST', '/sources', { name: 'CRM', scheme: 'token' });
  const headers = { authorization: `Bearer ${source.secret}` };
  const many = Array.from({ length: 5_001 }, () => 1);
  expect(await send(source.path, JSON.stringify(many), headers)).toMatchObject({
    status: 413,
    body: { code: 'too-large', detail: expect.stringContaining('5001 items') },
  });
  expect(await send(source.path, JSON.stringify(many.slice(0, 5_000)), headers)).toMatchObject({ status: 202 });
});

it('A webhook is taken whatever else its address says, and JSON whatever its type says', async () => {
  const { ask, send } = await opened();
  const { body: source } = await ask('POST', '/sources', { name: 'CRM', scheme: 'token' });
  const body = (userId: string) => JSON.stringify({ eventType: 'x', userId });
  const address = `${source.path}?token=${source.secret}&utm_source=crm&x=1&x=2`;
  expect(await send(address, body('u1'), {})).toMatchObject({ status: 202, body: { status: 'queued' } });
  for (const [index, type] of ['json', '', ';;;///', 'application/json; charset', 'text/plain;;'].entries())
    expect(await send(address, body(`t${index}`), { 'content-type': type })).toMatchObject({
      status: 202,
      body: { status: 'queued' },
    });
  expect(await send(`${source.path}?token=a&token=b`, body('u2'), {})).toMatchObject({
    status: 401,
    body: { code: 'signature-missing' },
  });
});

it('A webhook that is too large is told how large it may be', async () => {
  const { ask, send } = await opened();
  const { body: source } = await ask('POST', '/sources', { name: 'CRM', scheme: 'token' });
  const headers = { authorization: `Bearer ${source.secret}` };
  expect(await send(source.path, ' '.repeat(1024 * 1024 + 1), headers)).toMatchObject({
    status: 413,
    body: { code: 'too-large', detail: expect.stringContaining('larger than 1 MiB') },
  });
});
