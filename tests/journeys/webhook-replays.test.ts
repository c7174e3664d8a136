import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { appOfFile, openTestApp, tickingClock } from '../support/app.ts';
import type { TestApp } from '../support/app.ts';
import type { Answer, Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import type { Sales } from '../support/sales.ts';
import { salesOf } from '../support/sales.ts';

const stripe = new Stripe('sk_test_of_nobody');
const usual = {
  id: 'msg_1',
  secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
  body: JSON.stringify({ id: 'evt_1', eventType: 'form_sent', email: 'ada@example.com' }),
};
const { secret } = usual;

/** How a sender signs, at a time in seconds, and what its source is to know of that. */
type Sender = { readonly source: object; readonly sign: (at: number, what?: typeof usual) => Record<string, string> };
const signed = { header: 'x-signature', encoding: 'hex' };
const mac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex');
const senders = {
  standard: {
    source: { scheme: 'standard' },
    sign: (at, { id, secret, body } = usual) => ({
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': new Webhook(secret).sign(id, new Date(at * 1_000), body),
    }),
  },
  stripe: {
    source: { scheme: 'stripe' },
    sign: (timestamp, { secret, body } = usual) => ({
      'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp }),
    }),
  },
  'hmac-sha256 with a time': {
    source: { scheme: 'hmac-sha256', signature: { ...signed, timestampHeader: 'x-time' } },
    sign: (at, { secret, body } = usual) => ({ 'x-time': String(at), 'x-signature': mac(secret, `${at}.${body}`) }),
  },
  'hmac-sha256 of the body': {
    source: { scheme: 'hmac-sha256', signature: signed },
    sign: (_, { secret, body } = usual) => ({ 'x-signature': mac(secret, body) }),
  },
  token: {
    source: { scheme: 'token' },
    sign: (_, { secret } = usual) => ({ authorization: `Bearer ${secret}` }),
  },
} as const satisfies Readonly<Record<string, Sender>>;
const names = Object.keys(senders) as (keyof typeof senders)[];
const timeless: readonly string[] = ['hmac-sha256 of the body', 'token'];

/** Its clock goes on by itself; a test that moves it on leaves the others' webhooks in time, as each signs by it. */
const shared = appOfFile(tickingClock());

const seconds = ({ clock }: TestApp): number => Math.floor(clock.now().getTime() / 1_000);

const addSource = async ({ ask, path }: Sales, sender: Sender, more: object = { secret }): Promise<Json> =>
  mustBe(await ask('POST', `${path}/sources`, { name: 'Forms', ...sender.source, ...more }), 201).body;

const send = (
  app: TestApp,
  source: Json,
  headers: Readonly<Record<string, string>>,
  body = usual.body,
): Promise<Answer> =>
  app.transport({
    method: 'POST',
    path: source.path,
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

const saying = ({ status, body: { status: said, code } }: Answer) => [status, code ?? said];

/** How many activities somebody's lead has; none where there is no lead. */
const activitiesOf = async ({ project }: Sales, email = 'ada@example.com'): Promise<number> => {
  const { status, body: lead } = await project.read(`/api/leads/lookup?email=${email}`);
  return status === 404 ? 0 : lead.activities;
};

it('A webhook that comes again after 10 s, 301 s and an hour, as it was and signed anew, after a restart, a merge and another mapping is never there twice', async () => {
  await using app = await openTestApp({ clock: tickingClock() });
  const all = await Promise.all(
    names.map(async (name) => {
      const [sender, sales]: [Sender, Sales] = [senders[name], await salesOf(app, name)];
      const source = await addSource(sales, sender);
      const first = sender.sign(seconds(app));
      const isTimeless = timeless.includes(name);
      return {
        sales,
        source,
        asItWas: async () => [isTimeless, ...saying(await send(app, source, first))],
        anew: async () => saying(await send(app, source, sender.sign(seconds(app)))),
      };
    }),
  );
  const asItWas = () => Promise.all(all.map((each) => each.asItWas()));
  const anew = async () => [...new Set((await Promise.all(all.map((each) => each.anew()))).map(String))];
  const inTime = (said: string) => names.map((name) => [timeless.includes(name), 202, said]);
  const late = names.map((name) =>
    timeless.includes(name) ? [true, 202, 'duplicate'] : [false, 401, 'signature-expired'],
  );

  expect(await asItWas()).toEqual(inTime('queued'));
  app.clock.forward(10_000);
  expect(await asItWas()).toEqual(inTime('duplicate'));
  for (const later of [291_000, 3_299_000]) {
    app.clock.forward(later);
    expect(await asItWas()).toEqual(late);
    expect(await anew()).toEqual(['202,duplicate']);
  }
  await app.restart();
  expect(await anew()).toEqual(['202,duplicate']);

  for (const { sales } of all) {
    // An older lead takes over the one that it was recorded with.
    const older = { anonymousId: 'device', eventType: 'page_view', timestamp: '2026-03-09T12:00:00Z' };
    mustBe(await sales.project.send(older), 202);
    mustBe(await sales.project.send({ ...older, eventId: 'both', email: 'ada@example.com' }), 202);
  }
  await app.settled();
  expect(await anew()).toEqual(['202,duplicate']);

  const mapping = { eventType: { value: 'another' }, userId: { value: 'another' }, eventId: { value: 'another' } };
  for (const { sales, source } of all)
    mustBe(await sales.ask('PATCH', `${sales.path}/sources/${source.sourceId}`, { mapping }), 200);
  expect(await anew()).toEqual(['202,duplicate']);
  await app.settled();
  expect(await Promise.all(all.map(({ sales }) => activitiesOf(sales)))).toEqual(names.map(() => 3));
});

describe.each(names)('A webhook by %s that comes again', (name) => {
  const sender: Sender = senders[name];

  it('at another source, or at one of another project, is none of theirs', async () => {
    const app = shared();
    const sales = await salesOf(app);
    const others = await salesOf(app, 'Others');
    const source = await addSource(sales, sender);
    const headers = sender.sign(seconds(app));
    expect(saying(await send(app, source, headers))).toEqual([202, 'queued']);
    for (const each of [sales, others]) {
      const elsewhere = await addSource(each, sender, {});
      expect(saying(await send(app, elsewhere, headers))).toEqual([401, 'signature-invalid']);
    }
    await app.settled();
    expect([await activitiesOf(sales), await activitiesOf(others)]).toEqual([1, 0]);

    // One who gave the same secret away in another project is another sender there, and nothing comes back here.
    const same = await addSource(others, sender);
    expect(saying(await send(app, same, headers))).toEqual([202, 'queued']);
    expect(saying(await send(app, same, headers))).toEqual([202, 'duplicate']);
    expect(saying(await send(app, source, headers))).toEqual([202, 'duplicate']);
    await app.settled();
    expect([await activitiesOf(sales), await activitiesOf(others)]).toEqual([1, 1]);
  });
});

it('A webhook that is known by its body alone is recorded once, though it is taken anew after a day', async () => {
  const app = shared();
  const sales = await salesOf(app);
  const sender = senders['hmac-sha256 of the body'];
  const source = await addSource(sales, sender);
  for (const hours of [0, 23, 2, 25, 24 * 400]) {
    app.clock.forward(hours * 3_600_000);
    const { status, body: answer } = await send(app, source, sender.sign(seconds(app)));
    expect([status, answer.results]).toMatchObject([202, [{ status: hours === 0 ? 'queued' : 'duplicate' }]]);
  }
  await app.settled();
  expect(await activitiesOf(sales)).toBe(1);
});

describe.each(names)('Ten rotations under traffic of a source by %s', (name) => {
  const sender: Sender = senders[name];

  it('refuse no webhook that is signed with a secret that is valid', async () => {
    const app = shared();
    const sales = await salesOf(app);
    const { ask, path } = sales;
    const source = await addSource(sales, sender, {});
    const secrets: string[] = [source.secret];
    const over = { rotated: false };
    let sent = 0;
    /** Sends one after the other by any secret that was told so far, each of which is valid for a day. */
    const sending = async (n: number): Promise<void> => {
      while (!over.rotated) {
        sent += 1;
        const [id, by] = [`msg_${sent}`, secrets[(n + sent) % secrets.length] ?? ''];
        const body = JSON.stringify({ id, eventType: 'form_sent', email: 'ada@example.com' });
        const headers = sender.sign(seconds(app), { id, secret: by, body });
        expect(saying(await send(app, source, headers, body))).toEqual([202, 'queued']);
      }
    };
    const senders4 = [0, 1, 2, 3].map(sending);
    for (let round = 0; round < 10; round++) {
      const before = sent;
      const rotated = await ask('POST', `${path}/sources/${source.sourceId}/rotate`, { overlapHours: 24 });
      secrets.push(mustBe(rotated, 200).body.secret);
      await expect.poll(() => sent, { interval: 1 }).toBeGreaterThan(before + 8);
    }
    over.rotated = true;
    await Promise.all(senders4);
    await app.settled();
    expect(await activitiesOf(sales)).toBe(sent);
  });
});
