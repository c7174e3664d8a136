import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { openTestApp, testClock } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import { formats } from '../../src/domain/deliveries/endpoints.ts';
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

const signatureOf = ({ headers }: Received): string => String(headers['webhook-signature']);

/** The signature that the official library makes of what was sent by a secret, whenever that was. */
const signatureBy = (secret: string, sent: Received | undefined): string => {
  const [id, seconds] = ['webhook-id', 'webhook-timestamp'].map((name) => String(sent?.headers[name]));
  return new Webhook(secret).sign(id ?? '', new Date(Number(seconds) * 1_000), String(sent?.body));
};

const overlap = { overlapHours: 24 };

it('Ten rotations under traffic: all that is sent in any format fits each secret for as long as that is valid', async () => {
  const clock = testClock(new Date().toISOString());
  await using app = await openTestApp({ clock, env: sendingHere() });
  await using receiver = await openReceiver((_, __, response) => response.end());
  const { ask, path, add, qualify } = await withEndpoints(app);
  const added = formats.map(async (format) => {
    const headers = { authorization: 'Bearer theirs' };
    const url = `http://127.0.0.1:${receiver.port}/${format}`;
    const endpointId = await add(receiver.port, { url, format, types: ['lead.qualified'], headers });
    const secrets: string[] = [];
    const rotate = async () => {
      const { body } = mustBe(await ask('POST', `${path}/endpoints/${endpointId}/rotate`, overlap), 200);
      secrets.push(body.secret);
    };
    return { secrets, rotate, received: () => receiver.received.filter((each) => each.url === `/${format}`) };
  });
  const endpoints = await Promise.all(added);
  for (let round = 1; round <= 10; round++) {
    for (const { rotate } of endpoints) await rotate();
    const sending = Array.from({ length: 3 }, (_, at) => qualify({ userId: `lead-${round}-${at}` }));
    await Promise.all([...sending, ...endpoints.map(({ rotate }) => rotate())]);
  }
  await app.settled();
  for (const { secrets, received } of endpoints) {
    expect(received()).toHaveLength(30);
    for (const [place, request] of received().entries()) {
      const known = secrets.slice(0, 2 * Math.floor(place / 3) + 1);
      expect(known.map((secret) => verified(secret, request))).toEqual(known.map(() => true));
      const longer = { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) };
      expect(verified(secrets[0] ?? '', longer)).toBe(false);
      expect(request.headers.authorization).toBe('Bearer theirs');
    }
  }
  // All but the last are over.
  clock.forward(25 * hour);
  await qualify({ userId: 'last' });
  await app.settled();
  for (const { secrets, received } of endpoints) {
    expect(received().slice(-1).map(signatureOf)).toEqual([signatureBy(secrets.at(-1) ?? '', received().at(-1))]);
  }
});
