import type { CryptoKey } from 'jose';
import { exportJWK, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { accessTokens } from '../../../src/outside/tokens/access-tokens.ts';
import { keyTimes, openSigningKeys } from '../../../src/outside/tokens/signing-keys.ts';
import { VaultUnavailable } from '../../../src/outside/vault/boxes.ts';
import { openSqliteBoxes } from '../../../src/outside/vault/sqlite/boxes.ts';
import type { Vault } from '../../../src/outside/vault/vault.ts';
import { vaultOver } from '../../../src/outside/vault/vault.ts';
import { testClock } from '../../support/app.ts';

const sub = '019c0f6e-8a4b-7c2d-9e1f-3a5b7c9d1e2f';
const sid = '019c0f6e-8a4b-7000-8e1f-3a5b7c9d1e32';
const claims = { personId: sub, sessionId: sid };
const issuer = 'https://leads.example.com';

const opened = () => {
  const vault = vaultOver(openSqliteBoxes(':memory:'), { current: Buffer.alloc(32, 'test') });
  const clock = testClock();
  let ids = 0;
  /** A process over the vault. */
  const process = (over: Pick<Vault, 'get' | 'put'> = vault) => {
    const keys = openSigningKeys({
      vault: over,
      clock: clock.now,
      monotonic: () => clock.now().getTime(),
      newId: () => `key-${(ids += 1)}`,
    });
    return { keys, ...accessTokens({ keys, issuer, clock: clock.now }) };
  };
  return { vault, clock, process };
};

describe('An access token', () => {
  it('shows whose it is, for 15 minutes, in every process', async () => {
    const { clock, process } = opened();
    const [one, other] = [process(), process()];
    const token = await one.issue(claims);
    expect(await one.read(token)).toEqual(claims);
    expect(await other.read(token)).toEqual(claims);
    const [head = '', body = ''] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(head)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: 'key-1' });
    const now = clock.now().getTime() / 1_000;
    expect(JSON.parse(body)).toEqual({ iss: issuer, aud: 'leadfold', sub, sid, iat: now, exp: now + 900 });
    clock.forward(899_000);
    expect(await other.read(token)).toEqual(claims);
    clock.forward(1_000);
    expect([await one.read(token), await other.read(token), await process().read(token)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is none in any other way', async () => {
    const { vault, clock, process } = opened();
    const { issue, read } = process();
    const good = await issue(claims);
    const kept = z
      .array(z.object({ kid: z.string(), jwk: z.record(z.string(), z.string()) }))
      .parse(JSON.parse((await vault.get('people/signing-keys'))?.value.toString() ?? ''));
    const [{ kid, jwk } = { kid: '', jwk: {} }] = kept;
    const ours = await importJWK(jwk, 'EdDSA');
    const { privateKey: theirs, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
    const now = Math.floor(clock.now().getTime() / 1_000);
    const payload = { iss: issuer, aud: 'leadfold', sub, sid, iat: now, exp: now + 900 };
    const header = { alg: 'EdDSA', typ: 'at+jwt', kid };
    const signed = (changed: object, head: object = {}, key: CryptoKey | Uint8Array = ours) =>
      new SignJWT({ ...payload, ...changed }).setProtectedHeader({ ...header, ...head }).sign(key);
    // Made the same way, and good: what is bad below is bad for what is changed there.
    expect(await read(await signed({}))).toEqual(claims);
    const [head = '', body = '', signature = ''] = good.split('.');
    const changed = Buffer.from(JSON.stringify({ ...payload, sub: sid })).toString('base64url');
    const publicJwk = await exportJWK(publicKey);
    const secret = Buffer.from(jwk['x'] ?? '', 'base64url');
    const bad: Readonly<Record<string, string>> = {
      'alg none': new UnsecuredJWT(payload).encode(),
      'alg none, with a signature': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.${signature}`,
      'alg HS256 with the public key as the secret': await new SignJWT(payload)
        .setProtectedHeader({ ...header, alg: 'HS256' })
        .sign(Buffer.concat([secret, secret])),
      'another key under our kid': await signed({}, {}, theirs),
      'another key that it brings along': await signed({}, { kid: undefined, jwk: publicJwk }, theirs),
      'a kid that nobody has': await signed({}, { kid: 'key-2' }),
      'a kid that is a path': await signed({}, { kid: '../../dev/null' }),
      'a kid of all objects': await signed({}, { kid: 'constructor' }),
      'a kid that is no text': `${Buffer.from(JSON.stringify({ ...header, kid: [kid] })).toString('base64url')}.${body}.${signature}`,
      'another type': await signed({}, { typ: 'JWT' }),
      'another audience': await signed({ aud: 'leadfold2' }),
      'no audience': await signed({ aud: undefined }),
      'another issuer': await signed({ iss: 'https://leads.example.org' }),
      expired: await signed({ iat: now - 900, exp: now }),
      'too old, whatever it says': await signed({ iat: now - 1_000, exp: now + 900 }),
      'made later than now': await signed({ iat: now + 60, exp: now + 900 }),
      'not good yet': await signed({ nbf: now + 60 }),
      'no end': await signed({ exp: undefined }),
      'no session': await signed({ sid: undefined }),
      'changed claims': `${head}.${changed}.${signature}`,
      'cut off': good.slice(0, -1),
      'no signature': `${head}.${body}.`,
      longer: `${good}.${signature}`,
      'very long': `${head}.${body}${'A'.repeat(2_000)}.${signature}`,
      nothing: '',
    };
    const let_in: string[] = [];
    for (const [name, token] of Object.entries(bad)) if (await read(token)) let_in.push(name);
    expect(let_in).toEqual([]);
  });
});

describe('The keys that sign', () => {
  it('are changed in time, and those before are told as long as something that they signed holds', async () => {
    const { clock, process } = opened();
    const { issue, told, keys } = process();
    const kids = async () => (await told()).map(({ kid }) => kid);
    await issue(claims);
    expect([await kids(), (await told())[0]]).toEqual([
      ['key-1'],
      { kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: 'key-1', x: expect.any(String) },
    ]);
    clock.forward(keyTimes.signsFor - keyTimes.toldBefore);
    // Others may know it before the first token comes that it signed.
    expect([(await keys.signing()).kid, await kids()]).toEqual(['key-1', ['key-1', 'key-2']]);
    clock.forward(keyTimes.toldBefore - 1_000);
    const last = await issue(claims);
    clock.forward(1_000);
    expect((await keys.signing()).kid).toBe('key-2');
    expect(await process().read(last)).toEqual(claims);
    clock.forward(keyTimes.toldAfter);
    expect(await kids()).toEqual(['key-2']);
  });

  it('are the same for all processes that find at once that it is time', async () => {
    const { clock, process } = opened();
    const all = Array.from({ length: 8 }, () => process());
    const at = async () => new Set(await Promise.all(all.map(async ({ keys }) => (await keys.signing()).kid)));
    expect((await at()).size).toBe(1);
    clock.forward(keyTimes.signsFor + 1);
    expect((await at()).size).toBe(1);
    clock.forward(keyTimes.toldBefore + 60_000);
    expect((await at()).size).toBe(1);
  });

  it('are asked for now and then only where somebody shows one that is not known', async () => {
    const { vault, clock, process } = opened();
    let asked = 0;
    const counted = { ...vault, get: (name: string) => ((asked += 1), vault.get(name)) };
    const { issue, read } = process(counted);
    const [, body = '', signature = ''] = (await issue(claims)).split('.');
    const before = asked;
    clock.forward(6_000);
    for (let each = 0; each < 100; each++) {
      const head = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: 'at+jwt', kid: `other-${each}` })).toString(
        'base64url',
      );
      await read(`${head}.${body}.${signature}`);
    }
    expect(asked - before).toBe(1);
  });

  it('go on as they are known while the vault is away', async () => {
    const { vault, clock, process } = opened();
    let away = false;
    const { issue, read } = process({
      ...vault,
      get: async (name) => {
        if (away) throw new VaultUnavailable('The vault is away');
        return vault.get(name);
      },
    });
    const token = await issue(claims);
    away = true;
    clock.forward(600_000);
    expect(await read(token)).toEqual(claims);
    expect(await read(await issue(claims))).toEqual(claims);
    await expect(
      process({ ...vault, get: () => Promise.reject(new VaultUnavailable('away')) }).issue(claims),
    ).rejects.toThrow('away');
  });
});
