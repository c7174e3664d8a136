import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { openTestApp, testClock } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import { sendingHere, withEndpoints } from '../support/endpoints.ts';
import type { Received } from '../support/webhook-receiver.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

const hour = 3_600_000;

/** Whether the official library takes a request by a secret. It looks at the clock of this machine, so the test begins by that. */
const verified = (secret: string, { headers, body }: Received): boolean => {
  try {
    const text = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    new Webhook(secret).verify(body, text);
    return true;
  } catch {
    return false;
  }
};

it('Ten rotations under traffic: all that is sent fits each secret for as long as that is valid', async () => {
  const clock = testClock(new Date().toISOString());
  await using app = await openTestApp({ clock, env: sendingHere() });
  await using receiver = await openReceiver((_, __, response) => response.end());
  const { ask, path, add, qualify } = await withEndpoints(app);
  const endpointId = await add(receiver.port, {
    types: ['lead.qualified'],
    headers: { authorization: 'Bearer theirs' },
  });
  const url = `${path}/endpoints/${endpointId}`;
  const secrets: string[] = [];
  for (let round = 1; round <= 10; round++) {
    const { secret } = mustBe(await ask('POST', `${url}/rotate`, { overlapHours: 24 }), 200).body;
    secrets.push(secret);
    const sending = Array.from({ length: 3 }, (_, at) => qualify({ userId: `lead-${round}-${at}` }));
    const again = ask('POST', `${url}/rotate`, { overlapHours: 24 });
    await Promise.all(sending);
    secrets.push(mustBe(await again, 200).body.secret);
  }
  await app.settled();
  expect(receiver.received).toHaveLength(30);
  for (const [place, request] of receiver.received.entries()) {
    const known = secrets.slice(0, 2 * Math.floor(place / 3) + 1);
    expect(known.map((secret) => verified(secret, request))).toEqual(known.map(() => true));
    expect(verified(secrets[0] ?? '', { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) })).toBe(
      false,
    );
    expect(request.headers.authorization).toBe('Bearer theirs');
  }
  // All but the last are over.
  clock.forward(25 * hour);
  await qualify({ userId: 'last' });
  await app.settled();
  const signatures = String(receiver.received.at(-1)?.headers['webhook-signature']).split(' ');
  expect(signatures).toHaveLength(1);
});
