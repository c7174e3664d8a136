import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { ApiContext } from '../../../src/api/http/context.ts';
import { openServer } from '../../../src/api/http/server.ts';
import { apiContextOver, as, asRoot, boot, newKey, newProject } from '../support.ts';

const hour = 3_600_000;
const rotated = z.strictObject({ secretId: z.string(), key: z.string(), validUntil: z.string() });

/** A project with a key in an app whose clock the test moves. */
const opened = async () => {
  const time = { at: Date.parse('2026-03-01T12:00:00.000Z') };
  const clock = (): Date => new Date(time.at);
  const booted = await boot((api): Partial<ApiContext> => ({ ...api, clock }));
  onTestFinished(() => booted[Symbol.asyncDispose]());
  const { projectId } = await newProject(booted);
  const { keyId, key } = await newKey(booted, projectId, ['leads:read']);
  const url = `/api/projects/${projectId}/keys/${keyId}`;
  const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object, headers: object = {}) =>
    booted.app.inject({
      method,
      url: `${url}/${path}`,
      headers: { ...asRoot, ...headers },
      ...(payload && { payload }),
    });
  const rotate = async (body?: object, headers?: object) => {
    const answer = await ask('POST', 'rotate', body, headers);
    expect(answer.statusCode, answer.body).toBe(200);
    return rotated.parse(answer.json());
  };
  const isValid = async (text: string, app = booted.app): Promise<boolean> => {
    const { statusCode } = await app.inject({ url: '/api/leads', headers: as(text) });
    return statusCode === 200;
  };
  return { ...booted, projectId, keyId, key, ask, rotate, isValid, forward: (ms: number) => void (time.at += ms) };
};

const states = z.array(z.looseObject({ secretId: z.string(), state: z.string(), createdAt: z.string() }));

describe('A key that is rotated', () => {
  it('has two values until the former one is over', async () => {
    const { key, rotate, isValid, forward } = await opened();
    const next = await rotate();
    // Rotations of the clock of a test: the engine records by its own, which stands still.
    expect(next.validUntil).toBe('2026-03-02T12:00:00.000Z');
    expect(next.key).not.toBe(key);
    expect([await isValid(key), await isValid(next.key)]).toEqual([true, true]);
    forward(24 * hour - 1);
    expect(await isValid(key)).toBe(true);
    forward(1);
    expect([await isValid(key), await isValid(next.key)]).toEqual([false, true]);
  });

  it('any number of times, with no valid value refused', async () => {
    const { key, rotate, isValid, ask } = await opened();
    const keys = [key];
    for (let round = 0; round < 10; round++) keys.push((await rotate({ overlapHours: 48 })).key);
    for (const each of keys) expect(await isValid(each)).toBe(true);
    const all = states.parse((await ask('GET', 'secrets')).json());
    expect(all.map(({ state }) => state)).toEqual(['current', ...keys.slice(1).map(() => 'former')]);
    expect(JSON.stringify(all)).not.toMatch(/hash|lf_/);
  });

  it('at once, when nobody may use the former one any more', async () => {
    const { key, rotate, isValid } = await opened();
    const { key: next } = await rotate({ overlapHours: 0 });
    expect([await isValid(key), await isValid(next)]).toEqual([false, true]);
  });

  it('has its former value taken away, but not the one in use', async () => {
    const { key, rotate, isValid, ask } = await opened();
    const { secretId, key: next } = await rotate();
    const [current, former] = states.parse((await ask('GET', 'secrets')).json());
    expect(current?.secretId).toBe(secretId);
    expect((await ask('DELETE', `secrets/${secretId}`)).statusCode).toBe(409);
    expect((await ask('DELETE', `secrets/${former?.secretId}`)).statusCode).toBe(204);
    expect([await isValid(key), await isValid(next)]).toEqual([false, true]);
    expect((await ask('DELETE', `secrets/${former?.secretId}`)).statusCode).toBe(404);
  });

  it('has the same value for a retry with the same Idempotency-Key', async () => {
    const { rotate, ask } = await opened();
    const once = { 'idempotency-key': 'once' };
    expect(await rotate({ overlapHours: 1 }, once)).toEqual(await rotate({ overlapHours: 1 }, once));
    expect(states.parse((await ask('GET', 'secrets')).json())).toHaveLength(2);
    expect((await ask('POST', 'rotate', { overlapHours: 2 }, once)).statusCode).toBe(422);
  });

  it('is known to another process with its new value', async () => {
    const { key, rotate, isValid, store, readModels } = await opened();
    const other = await openServer(apiContextOver({ store, readModels }), { logLevel: 'silent' });
    onTestFinished(() => other.close());
    expect(await isValid(key, other)).toBe(true);
    const { key: next } = await rotate();
    expect(await isValid(next, other)).toBe(true);
  });

  it('opens nothing when it is revoked, by no value', async () => {
    const { key, rotate, isValid, app, projectId, keyId } = await opened();
    const { key: next } = await rotate();
    const url = `/api/projects/${projectId}/keys/${keyId}`;
    expect((await app.inject({ method: 'DELETE', url, headers: asRoot })).statusCode).toBe(204);
    expect([await isValid(key), await isValid(next)]).toEqual([false, false]);
  });

  it('is rotated by an administrator of its project alone', async () => {
    const { app, key, projectId, keyId, ...context } = await opened();
    const other = await newKey({ app }, (await newProject({ app }, 'Other')).projectId, ['admin']);
    const writer = await newKey({ app }, projectId, ['config:write', 'leads:read']);
    const admin = await newKey({ app }, projectId, ['admin']);
    const by = async (text: string, method: 'GET' | 'POST', path: string) =>
      (await app.inject({ method, url: `/api/projects/${projectId}/keys/${keyId}/${path}`, headers: as(text) }))
        .statusCode;
    for (const [method, path] of [
      ['POST', 'rotate'],
      ['GET', 'secrets'],
    ] as const) {
      for (const text of [key, writer.key]) expect(await by(text, method, path)).toBe(403);
      expect(await by(other.key, method, path)).toBeGreaterThanOrEqual(403);
      expect(await by(admin.key, method, path)).toBe(200);
    }
    expect((await context.ask('GET', '../none/secrets')).statusCode).toBe(404);
  });

  it('is recorded as hashes only', async () => {
    const { rotate, store, projectId } = await opened();
    const { key: next } = await rotate();
    const { events } = await store.read(`project-${projectId}`);
    expect(events.map(({ type }) => type)).toContain('KeyRotated');
    expect(JSON.stringify(events)).not.toContain(next.split('_').at(-1));
  });
});

describe('A key for web pages', () => {
  const shop = 'https://shop.example';

  const issue = async (scopes: readonly string[], origins: readonly string[]) => {
    const booted = await boot();
    onTestFinished(() => booted[Symbol.asyncDispose]());
    const { projectId } = await newProject(booted);
    const url = `/api/projects/${projectId}/keys`;
    const payload = { name: 'web', scopes, origins };
    const answer = await booted.app.inject({ method: 'POST', url, headers: asRoot, payload });
    const send = async (origin: string | undefined, writeKey = answer.json().key) => {
      const headers = origin === undefined ? {} : { origin };
      const body = { type: 'track', event: 'x', anonymousId: 'a', writeKey };
      return (await booted.app.inject({ method: 'POST', url: '/v1/track', headers, payload: body })).statusCode;
    };
    const list = () => booted.app.inject({ url, headers: asRoot });
    return { ...booted, answer, send, list };
  };

  it('is taken from pages of its origins alone, whether it comes in a header or in the body', async () => {
    const { app, answer, send, list } = await issue(['events:write'], [shop, 'http://localhost:3000', shop]);
    expect(answer.json()).toMatchObject({ origins: [shop, 'http://localhost:3000'] });
    expect((await list()).json().data).toContainEqual(
      expect.objectContaining({ name: 'web', origins: [shop, 'http://localhost:3000'] }),
    );
    expect([await send(shop), await send('http://localhost:3000')]).toEqual([200, 200]);
    const others = [undefined, 'null', 'https://evil.example', 'https://shop.example:8443', 'http://shop.example'];
    for (const origin of others) expect(await send(origin), origin).toBe(403);
    const headers = { ...as(answer.json().key), origin: 'https://evil.example' };
    const payload = { eventType: 'page_view', anonymousId: 'a' };
    const refused = await app.inject({ method: 'POST', url: '/api/events', headers, payload });
    expect([refused.statusCode, refused.json().code]).toEqual([403, 'origin-refused']);
    expect(refused.json().detail).toContain('other origins');
    // The page may read why.
    expect(refused.headers['access-control-allow-origin']).toBe('https://evil.example');
    const program = await app.inject({ method: 'POST', url: '/api/events', headers: as(answer.json().key), payload });
    expect(program.json().detail).toContain('issue a key without origins for programs');
    const taken = await app.inject({
      method: 'POST',
      url: '/api/events',
      headers: { ...headers, origin: shop },
      payload,
    });
    expect(taken.statusCode).toBe(202);
    expect(
      JSON.stringify((await list()).json().data.filter(({ name }: { name: string }) => name !== 'web')),
    ).not.toContain('origins');
  });

  it.each([
    [['events:write', 'leads:read'], [shop]],
    [['admin'], [shop]],
    [['events:write'], []],
    [['events:write'], ['https://Shop.example']],
    [['events:write'], ['https://shop.example/']],
    [['events:write'], ['https://*.example']],
    [['events:write'], ['*']],
    [['events:write'], ['null']],
    [['events:write'], Array.from({ length: 51 }, (_, n) => `https://${n}.example`)],
  ])('is not issued with %j for %j', async (scopes, origins) => {
    const { answer } = await issue(scopes, origins);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid-request']);
  });
});
