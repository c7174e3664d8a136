import { describe, expect, it } from 'vitest';
import { rateLimits } from '../../../src/api/http/rate-limits.ts';
import type { TrustProxy } from '../../../src/config/trust-proxy.ts';
import { adminKey, boot, unlimited } from '../support.ts';

/** An app that lets each address ask once, behind proxies or not; asks from `from`, and says whether that was the first time. */
const asking = async (trustProxy: TrustProxy) => {
  const perMinute = { ...unlimited, address: 1 };
  const limits = rateLimits({ perMinute, monotonic: () => 0, adminKey });
  const booted = await boot(() => ({ limits }), { trustProxy });
  const isNew = async (from: string, forwardedFor?: string): Promise<boolean> => {
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    return (await booted.app.inject({ url: '/openapi.json', headers, remoteAddress: from })).statusCode === 200;
  };
  return { isNew, [Symbol.asyncDispose]: booted[Symbol.asyncDispose] };
};

describe('Where a request comes from', () => {
  it('is the address of its connection, whatever it says', async () => {
    await using app = await asking(false);
    expect(await app.isNew('192.0.2.1', '203.0.113.1')).toBe(true);
    expect(await app.isNew('192.0.2.1', '203.0.113.2')).toBe(false);
    expect(await app.isNew('192.0.2.1')).toBe(false);
  });

  it('is what a proxy that is named says, and not what its client told it before', async () => {
    await using app = await asking(['10.0.0.0/8', 'fd00::1']);
    expect(await app.isNew('10.1.2.3', '203.0.113.1')).toBe(true);
    expect(await app.isNew('10.9.9.9', '198.51.100.7, 203.0.113.1')).toBe(false);
    expect(await app.isNew('fd00::1', '203.0.113.2, 10.0.0.1')).toBe(true);
    expect(await app.isNew('10.1.2.3', '203.0.113.2')).toBe(false);
    // Who is no proxy speaks for nobody.
    expect(await app.isNew('192.0.2.1', '203.0.113.3')).toBe(true);
    expect(await app.isNew('192.0.2.1', '203.0.113.4')).toBe(false);
  });

  it('is so many proxies away', async () => {
    await using app = await asking(2);
    expect(await app.isNew('10.0.0.1', '198.51.100.7, 203.0.113.1, 10.0.0.2')).toBe(true);
    expect(await app.isNew('10.0.0.1', '198.51.100.8, 203.0.113.1, 10.0.0.2')).toBe(false);
    expect(await app.isNew('10.0.0.1', '203.0.113.1, 10.0.0.3')).toBe(false);
    expect(await app.isNew('10.0.0.1', '203.0.113.9, 10.0.0.3')).toBe(true);
  });
});
