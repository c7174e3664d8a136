import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { addressGuard } from '../../../src/outside/webhooks/addresses.ts';
import { deliveryAllow } from '../../../src/config/delivery-allow.ts';
import type { ApiContext } from '../../../src/api/http/context.ts';
import type { Booted } from '../support.ts';
import { as, asRoot, boot, newKey, newProject } from '../support.ts';

const url = 'https://hooks.example.com/leadfold';
const slackUrl = 'https://hooks.slack.com/services/T00000000/B00000000/0123456789abcdefghijWXYZ';

const endpointAnswer = z.looseObject({ endpointId: z.string(), secret: z.string().optional(), state: z.string() });

type Asking = {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A project in a booted app, and what asks about its endpoints; `kept` is what is in the vault. */
const opened = async (change: Parameters<typeof boot>[0] = () => ({})) => {
  const held: { api?: ApiContext } = {};
  const booted: Booted = await boot((api, stores) => {
    held.api = { ...api, ...change(api, stores) };
    return change(api, stores);
  });
  onTestFinished(() => booted[Symbol.asyncDispose]());
  const { projectId } = await newProject(booted);
  const ask = (path: string, { method = 'GET', body, headers = asRoot }: Asking = {}) =>
    booted.app.inject({
      method,
      url: `/api/projects/${projectId}/${path}`,
      headers: { ...headers },
      ...(body && { payload: body }),
    });
  const added = async (body: object = { url }, headers: Asking['headers'] = asRoot) => {
    const answer = await ask('endpoints', { method: 'POST', body, headers });
    expect(answer.statusCode, answer.body).toBe(201);
    return endpointAnswer.parse(answer.json());
  };
  const kept = (ownerId: string, secretId: string) => held.api?.secrets.get(ownerId, secretId);
  return { ...booted, projectId, ask, added, kept };
};

/** What the log says of the endpoints of a project. */
const factsOf = async ({ store, projectId }: Pick<Awaited<ReturnType<typeof opened>>, 'store' | 'projectId'>) =>
  (await store.read(`endpoints-${projectId}`)).events;

describe('An endpoint', () => {
  it('is added with a secret that is told once, and shown without', async () => {
    const { ask, added, projectId } = await opened();
    const { secret, ...rest } = await added({
      url,
      types: ['lead.qualified', 'lead.qualified'],
      description: ' the CRM ',
    });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(rest).toEqual({
      endpointId: expect.stringMatching(new RegExp(`^${projectId}-[a-z0-9]{12}$`)),
      url,
      types: ['lead.qualified'],
      format: 'standard',
      headers: {},
      description: 'the CRM',
      createdAt: '2026-03-01T12:00:00.000Z',
      state: 'enabled',
      circuit: 'closed',
      failures: 0,
    });
    const one = await ask(`endpoints/${rest.endpointId}`);
    expect([one.statusCode, one.json()]).toEqual([200, rest]);
    expect(one.headers['etag']).toBe('"0"');
    expect((await ask('endpoints')).json()).toMatchObject({ data: [rest], nextCursor: null });
  });

  it('has the same secret again for a retry with the same Idempotency-Key, and is one', async () => {
    const { ask, added } = await opened();
    const headers = { ...asRoot, 'idempotency-key': 'once' };
    const body = { url, headers: { 'X-Key': 'abc' } };
    expect(await added(body, headers)).toEqual(await added(body, headers));
    expect((await ask('endpoints')).json()).toMatchObject({ data: [{ url }] });
    const other = await ask('endpoints', { method: 'POST', headers, body: { ...body, headers: { 'X-Key': 'abd' } } });
    expect([other.statusCode, other.json()]).toEqual([
      422,
      expect.objectContaining({ code: 'idempotency-key-reused' }),
    ]);
  });

  it('is told nobody what its headers say, but the vault', async () => {
    const context = await opened();
    const { ask, added, kept } = context;
    const { endpointId } = await added({
      url,
      headers: { 'X-Api-Key': 'hidden-value', authorization: 'Bearer hidden-value' },
    });
    const shown = await ask(`endpoints/${endpointId}`);
    expect(shown.json()).toMatchObject({ headers: { 'x-api-key': '••••', authorization: '••••' } });
    const [fact] = await factsOf(context);
    expect(JSON.stringify([shown.json(), fact])).not.toContain('hidden-value');
    const { confidentialId } = z.looseObject({ confidentialId: z.string() }).parse(fact?.data);
    expect(JSON.parse((await kept(endpointId, confidentialId)) ?? '')).toEqual({
      headers: { 'x-api-key': 'hidden-value', authorization: 'Bearer hidden-value' },
    });
  });

  it.each([
    ['hooks.slack.com', 'slack'],
    ['hooks.slack.com', 'standard'],
    ['hooks.slack-gov.com', 'standard'],
  ])('of Slack at %s has a URL that is a secret, told as %s', async (host, format) => {
    const context = await opened();
    const { added, ask } = context;
    const { endpointId, url: published } = await added({ url: slackUrl.replace('hooks.slack.com', host), format });
    expect(published).toBe(`https://${host}/…WXYZ`);
    const all = JSON.stringify([(await ask('endpoints')).json(), await factsOf(context)]);
    expect(all).not.toContain('T00000000');
    expect(all).toContain(endpointId);
  });

  it.each([
    ['http://hooks.example.com/', 'https'],
    ['https://127.0.0.1/', 'open internet'],
    ['https://2130706433/', 'open internet'],
    ['https://[::ffff:7f00:1]/', 'open internet'],
    ['https://metadata.google.internal/', 'open internet'],
    ['https://ada:secret@hooks.example.com/', 'user'],
    ['https://hooks.example.com:22/', 'port 22'],
    ['nonsense', 'understood'],
  ])('is not added at %s', async (refused, why) => {
    const { ask, added } = await opened();
    const answer = await ask('endpoints', { method: 'POST', body: { url: refused } });
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      expect.objectContaining({
        code: 'url-refused',
        errors: [{ pointer: '/url', detail: expect.stringContaining(why) }],
      }),
    ]);
    const { endpointId } = await added();
    const changed = await ask(`endpoints/${endpointId}`, { method: 'PATCH', body: { url: refused } });
    expect(changed.json()).toMatchObject({ code: 'url-refused' });
  });

  it('is added where the operator allows it', async () => {
    const { added } = await opened(() => ({ urlRefusal: addressGuard(deliveryAllow.parse('127.0.0.0/8')).refusal }));
    expect(await added({ url: 'http://127.0.0.1:9/hook' })).toMatchObject({ url: 'http://127.0.0.1:9/hook' });
  });

  it.each([
    [{}, '/url'],
    [{ url, types: [] }, '/types'],
    [{ url, types: ['lead.imagined'] }, '/types/0'],
    [{ url, types: ['endpoint.test'] }, '/types/0'],
    [{ url, format: 'xml' }, '/format'],
    [{ url, ratePerSecond: 0 }, '/ratePerSecond'],
    [{ url, headers: { 'Webhook-Id': 'a' } }, '/headers/Webhook-Id'],
    [{ url, headers: { Host: 'a' } }, '/headers/Host'],
    [{ url, headers: { 'Content-Length': '1' } }, '/headers/Content-Length'],
    [{ url, headers: { 'a b': 'c' } }, '/headers/a b'],
    [{ url, headers: { A: '1', a: '2' } }, '/headers/a'],
    [{ url, headers: { a: 'b\r\nc: d' } }, '/headers/a'],
    [{ url, headers: { a: ' ' } }, '/headers/a'],
    [{ url, headers: Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`x-${at}`, 'a'])) }, '/headers'],
    [{ url, secret: 'mine' }, '/secret'],
    [{ url: `https://hooks.example.com/${'a'.repeat(2_048)}` }, '/url'],
    [{ url: 'https://hooks.exa\nmple.com/' }, '/url'],
    [{ url: 'https://hooks.example.com/\t' }, '/url'],
    [{ url: 'https://hooks.example.com/\u007f' }, '/url'],
  ])('is not added as %j', async (body, pointer) => {
    const { ask } = await opened();
    const answer = await ask('endpoints', { method: 'POST', body });
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid-request', errors: [expect.objectContaining({ pointer })] }),
    ]);
  });

  it('is read and changed by those who may', async () => {
    const context = await opened();
    const { ask, added, projectId } = context;
    const { endpointId } = await added();
    const [reader, writer] = await Promise.all([
      newKey(context, projectId, ['leads:read']),
      newKey(context, projectId, ['config:write']),
    ]);
    const other = await newProject(context, 'Other');
    for (const path of ['endpoints', `endpoints/${endpointId}`, `endpoints/${endpointId}/secrets`, 'deliveries']) {
      expect((await ask(path, { headers: as(reader.key) })).statusCode).toBe(200);
      expect((await ask(path, { headers: as(writer.key) })).statusCode).toBe(403);
      expect((await ask(path, { headers: as(other.apiKey) })).statusCode).toBeGreaterThanOrEqual(403);
      expect((await ask(path, { headers: {} })).statusCode).toBe(401);
    }
    for (const [path, method] of [
      ['endpoints', 'POST'],
      [`endpoints/${endpointId}`, 'PATCH'],
      [`endpoints/${endpointId}/rotate`, 'POST'],
      [`endpoints/${endpointId}/test`, 'POST'],
      [`endpoints/${endpointId}/enable`, 'POST'],
      [`endpoints/${endpointId}`, 'DELETE'],
    ] as const) {
      const asked = { method, body: { url }, headers: as(reader.key) };
      expect((await ask(path, asked)).statusCode).toBe(403);
    }
    const elsewhere = await context.app.inject({
      url: `/api/projects/${other.projectId}/endpoints/${endpointId}`,
      headers: asRoot,
    });
    expect([elsewhere.statusCode, elsewhere.json()]).toEqual([
      404,
      expect.objectContaining({ code: 'endpoint-unknown' }),
    ]);
  });
});

describe('A change of an endpoint', () => {
  it('leaves what it does not name, and takes away what is null', async () => {
    const { ask, added } = await opened();
    const { endpointId } = await added({ url, types: ['lead.closed'], ratePerSecond: 5, description: 'CRM' });
    const patched = await ask(`endpoints/${endpointId}`, { method: 'PATCH', body: { types: null, ratePerSecond: 7 } });
    expect(patched.statusCode).toBe(200);
    const view = z.looseObject({}).parse(patched.json());
    expect(view).toMatchObject({ url, ratePerSecond: 7, description: 'CRM' });
    expect(view).not.toHaveProperty('types');
    const stale = await ask(`endpoints/${endpointId}`, {
      method: 'PATCH',
      body: { description: 'late' },
      headers: { ...asRoot, 'if-match': '"0"' },
    });
    expect(stale.statusCode).toBe(412);
  });

  it('keeps what is secret in the vault, and nothing of what was', async () => {
    const context = await opened();
    const { ask, added, kept } = context;
    const { endpointId } = await added({ url, headers: { 'x-key': 'first' } });
    const patch = async (body: object) => {
      const answer = await ask(`endpoints/${endpointId}`, { method: 'PATCH', body });
      expect(answer.statusCode, answer.body).toBe(200);
      const facts = await factsOf(context);
      const ids = facts.flatMap(({ data }) => {
        const { confidentialId } = z.looseObject({ confidentialId: z.string().optional() }).parse(data);
        return [confidentialId];
      });
      const last = ids.at(-1);
      const found = last === undefined ? undefined : await kept(endpointId, last);
      const before = ids.slice(0, -1).flatMap((id) => (id === undefined || id === last ? [] : [id]));
      for (const id of before) expect(await kept(endpointId, id)).toBeUndefined();
      return { shown: z.looseObject({}).parse(answer.json()), secret: found && (JSON.parse(found) as unknown) };
    };
    expect(await patch({ url: slackUrl })).toEqual({
      shown: expect.objectContaining({ url: 'https://hooks.slack.com/…WXYZ', headers: { 'x-key': '••••' } }),
      secret: { url: slackUrl, headers: { 'x-key': 'first' } },
    });
    expect((await patch({ headers: { 'x-other': 'second' } })).secret).toEqual({
      url: slackUrl,
      headers: { 'x-other': 'second' },
    });
    expect((await patch({ description: 'still' })).secret).toEqual({ url: slackUrl, headers: { 'x-other': 'second' } });
    expect((await patch({ url, headers: null })).secret).toBeUndefined();
    // What is sent as for Slack goes to a URL that nobody is shown.
    expect(await patch({ format: 'slack' })).toEqual({
      shown: expect.objectContaining({ url: 'https://hooks.example.com/…' }),
      secret: { url, headers: {} },
    });
    // What was a secret stays one, also when the same URL is said again, until there is another.
    const hidden = { shown: { url: 'https://hooks.example.com/…' }, secret: { url } };
    expect(await patch({ format: 'standard' })).toMatchObject(hidden);
    expect(await patch({ url, headers: null })).toMatchObject(hidden);
    expect((await factsOf(context)).slice(-2).map(({ data }) => data)).toEqual([
      expect.objectContaining({ url: 'https://hooks.example.com/…' }),
      expect.objectContaining({ url: 'https://hooks.example.com/…' }),
    ]);
    const other = 'https://hooks.example.com/other';
    expect(await patch({ url: other })).toMatchObject({ shown: { url: other }, secret: undefined });
  });

  it.each([
    ['as it is shown', (shown: string) => shown],
    ['as it is shown, encoded', (shown: string) => new URL(shown).href],
  ])('does not take a masked URL %s for the URL', async (_, sent) => {
    const { ask, added } = await opened();
    const { endpointId, url: shown } = await added({ url: slackUrl, format: 'slack' });
    const body = { url: sent(z.string().parse(shown)) };
    const answer = await ask(`endpoints/${endpointId}`, { method: 'PATCH', body });
    expect([answer.statusCode, answer.json()]).toEqual([
      400,
      expect.objectContaining({ code: 'invalid-request', errors: [expect.objectContaining({ pointer: '/url' })] }),
    ]);
  });

  it('disables and enables it', async () => {
    const { ask, added } = await opened();
    const { endpointId } = await added();
    const off = await ask(`endpoints/${endpointId}`, { method: 'PATCH', body: { enabled: false } });
    expect(off.json()).toMatchObject({ state: 'disabled', disabled: { reason: 'by-hand' } });
    const tested = await ask(`endpoints/${endpointId}/test`, { method: 'POST' });
    expect([tested.statusCode, tested.json()]).toEqual([409, expect.objectContaining({ code: 'endpoint-disabled' })]);
    expect((await ask(`endpoints/${endpointId}/enable`, { method: 'POST' })).json()).toEqual({
      endpointId,
      state: 'enabled',
    });
    expect((await ask(`endpoints/${endpointId}`)).json()).toMatchObject({ state: 'enabled' });
  });

  it('takes it away with its secrets', async () => {
    const { ask, added, kept, ...context } = await opened();
    const { endpointId } = await added({ url, headers: { 'x-key': 'first' } });
    const [fact] = await factsOf(context);
    const { secretId, confidentialId } = z
      .looseObject({ secretId: z.string(), confidentialId: z.string() })
      .parse(fact?.data);
    expect((await ask(`endpoints/${endpointId}`, { method: 'DELETE' })).statusCode).toBe(204);
    expect((await ask(`endpoints/${endpointId}`)).statusCode).toBe(404);
    expect((await ask(`endpoints/${endpointId}`, { method: 'DELETE' })).statusCode).toBe(404);
    for (const id of [secretId, confidentialId]) expect(await kept(endpointId, id)).toBeUndefined();
  });
});

describe('The secrets of an endpoint', () => {
  it('are rotated with an overlap, told once, and removed when they are former', async () => {
    const { ask, added } = await opened();
    const { endpointId, secret: first } = await added();
    const once = { ...asRoot, 'idempotency-key': 'rotation' };
    const rotate = (body?: object, headers: Asking['headers'] = asRoot) =>
      ask(`endpoints/${endpointId}/rotate`, { method: 'POST', headers, ...(body && { body }) });
    const rotated = await rotate({ overlapHours: 48 }, once);
    expect(rotated.statusCode).toBe(200);
    const answer = z.object({ secretId: z.string(), secret: z.string(), validUntil: z.string() }).parse(rotated.json());
    expect(answer.validUntil).toBe('2026-03-03T12:00:00.000Z');
    expect(answer.secret).not.toBe(first);
    expect((await rotate({ overlapHours: 48 }, once)).json()).toEqual(answer);
    expect((await rotate()).json()).toMatchObject({ validUntil: '2026-03-02T12:00:00.000Z' });
    const listed = async () =>
      z
        .array(
          z.object({
            secretId: z.string(),
            state: z.string(),
            createdAt: z.string(),
            validUntil: z.string().optional(),
          }),
        )
        .parse((await ask(`endpoints/${endpointId}/secrets`)).json());
    const all = await listed();
    expect(all.map(({ state }) => state)).toEqual(['current', 'former', 'former']);
    const [current, former] = all;
    const remove = (id = '') => ask(`endpoints/${endpointId}/secrets/${id}`, { method: 'DELETE' });
    expect((await remove(current?.secretId)).statusCode).toBe(409);
    expect((await remove(former?.secretId)).statusCode).toBe(204);
    expect((await remove(former?.secretId)).statusCode).toBe(404);
    expect(await listed()).toHaveLength(2);
  });

  it.each([{ overlapHours: -1 }, { overlapHours: 721 }, { overlapHours: 1.5 }])(
    'are not rotated with %j',
    async (body) => {
      const { ask, added } = await opened();
      const { endpointId } = await added();
      expect((await ask(`endpoints/${endpointId}/rotate`, { method: 'POST', body })).statusCode).toBe(400);
    },
  );

  it('are of an endpoint that is there', async () => {
    const { ask, projectId } = await opened();
    for (const [path, method] of [
      ['rotate', 'POST'],
      ['secrets', 'GET'],
      ['test', 'POST'],
      ['enable', 'POST'],
    ] as const)
      expect((await ask(`endpoints/${projectId}-0123456789ab/${path}`, { method })).statusCode).toBe(404);
  });
});

it('A test is one delivery however often it is asked for with the same Idempotency-Key', async () => {
  const { ask, added, store, projectId } = await opened();
  const { endpointId } = await added();
  const test = async (headers: Asking['headers'] = asRoot) => {
    const answer = await ask(`endpoints/${endpointId}/test`, { method: 'POST', headers });
    expect(answer.statusCode).toBe(202);
    return z.object({ deliveryId: z.uuid() }).parse(answer.json()).deliveryId;
  };
  const once = { ...asRoot, 'idempotency-key': 'try' };
  const first = await test(once);
  expect(await test(once)).toBe(first);
  expect(await test()).not.toBe(first);
  const { events } = await store.read(`delivery-${projectId}.${first}`);
  expect(events).toEqual([
    expect.objectContaining({
      type: 'DeliveryRequested',
      data: expect.objectContaining({ endpointId, reason: 'test', type: 'endpoint.test' }),
    }),
  ]);
});
