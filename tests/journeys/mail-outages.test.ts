import { describe, expect, it } from 'vitest';
import { accountsOver } from '../support/accounts.ts';
import { openTestApp } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import { readMail } from '../support/mails.ts';
import type { SmtpServer } from '../support/smtp-server.ts';
import { startSmtpServer } from '../support/smtp-server.ts';

const email = 'ada@example.com';

const opened = async (smtp: SmtpServer) => {
  const env = {
    SIGN_UP: 'open',
    SMTP_URL: smtp.url,
    PUBLIC_URL: 'https://leads.example.com',
    MAIL_FROM: 'Leads <leads@example.com>',
  };
  const app = await openTestApp({ env });
  return Object.assign(app, { accounts: accountsOver(() => app) });
};

describe('A mail', () => {
  it('that no server takes is sent when one is there again, also after a restart, once', async () => {
    const gone = await startSmtpServer();
    await gone.stop();
    await using app = await opened(gone);
    mustBe(await app.accounts.register(email), 202);
    await app.settled();
    await app.settled();
    const back = await startSmtpServer('takes', gone.port);
    await app.restart();
    await app.settled();
    app.clock.forward(10_000);
    await app.settled();
    await app.restart();
    app.clock.forward(600_000);
    await app.settled();
    expect(back.taken.map(({ to }) => to)).toEqual([email]);
    const { token, headers } = readMail(back.taken[0]?.raw ?? '');
    expect(headers['message-id']).toMatch(/^<[0-9a-f-]{36}@example\.com>$/);
    mustBe(await app.accounts.post('verify-email', { token }), 200);
    await back.stop();
  });

  it('waits for no server: who registers is answered meanwhile', async () => {
    const silent = await startSmtpServer('is-silent');
    await using app = await opened(silent);
    const begun = performance.now();
    for (const name of ['ada', 'bob', 'cyd']) await app.accounts.register(`${name}@example.com`);
    expect(performance.now() - begun).toBeLessThan(5_000);
    await silent.stop();
  });

  it('that a server refuses is not sent again, and one that it is too busy for is sent later', async () => {
    const server = await startSmtpServer('refuses');
    await using app = await opened(server);
    await app.accounts.register(email);
    await app.settled();
    expect(server.tries()).toBe(1);
    app.clock.forward(600_000);
    await app.settled();
    expect(server.tries()).toBe(1);

    server.answer('is-busy');
    await app.accounts.register('bob@example.com');
    await app.settled();
    const tries = server.tries();
    expect(tries).toBeGreaterThan(1);
    server.answer('takes');
    await app.settled();
    expect([server.tries(), server.taken.length]).toEqual([tries, 0]);
    app.clock.forward(60_000);
    await app.settled();
    expect(server.taken.map(({ to }) => to)).toEqual(['bob@example.com']);
    await server.stop();
  });

  it('that is too old to be of use is not sent, and what came with it is forgotten', async () => {
    const server = await startSmtpServer('is-busy');
    await using app = await opened(server);
    await app.accounts.register(email);
    await app.settled();
    server.answer('takes');
    app.clock.forward(24 * 3_600_000);
    await app.settled();
    await app.settled();
    expect(server.taken).toEqual([]);
    const facts = [];
    for await (const some of app.app().engine.states.pages('address-ecb65bbd-bf96-5efc-a416-24f0a822f121', -1))
      facts.push(...some.map(({ type }) => type));
    expect(facts).toEqual(['AddressTaken', 'MailRequested', 'MailSettled', 'TokenForgotten']);
    await server.stop();
  });
});
