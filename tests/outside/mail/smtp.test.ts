import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mailFiles } from '../../../src/outside/mail/files.ts';
import type { Mail } from '../../../src/outside/mail/mailer.ts';
import { MailNotSent } from '../../../src/outside/mail/mailer.ts';
import { smtpMailer } from '../../../src/outside/mail/smtp.ts';
import { readMail } from '../../support/mails.ts';
import { startSmtpServer } from '../../support/smtp-server.ts';

const link = `https://leads.example.com/console/verify-email#token=${'A'.repeat(64)}`;
const mail: Mail = {
  mailId: 'm1',
  to: 'ada@example.com',
  subject: 'Hello',
  text: `Hello,\n\n${link}\n`,
  html: `<p><a href="${link}">Hello</a></p>`,
};
const from = 'Leads <leads@example.com>';
const soon = { connectionTimeout: 300, greetingTimeout: 300, socketTimeout: 300, dnsTimeout: 300 };

const troubleWith = async (url: string): Promise<unknown> => {
  const mailer = smtpMailer(url, from, soon);
  try {
    await mailer.send(mail);
  } catch (error) {
    expect(error).toBeInstanceOf(MailNotSent);
    expect(String(error)).not.toContain('ada@');
    return error instanceof MailNotSent ? error.trouble : error;
  } finally {
    mailer.close();
  }
  return 'sent';
};

describe('Mails by SMTP', () => {
  it('arrive as text and HTML, with a link that is whole', async () => {
    const server = await startSmtpServer();
    expect(await troubleWith(server.url)).toBe('sent');
    const [{ to = '', raw = '' } = {}] = server.taken;
    const read = readMail(raw);
    expect({ to, ...read.headers }).toMatchObject({
      to: 'ada@example.com',
      from: 'Leads <leads@example.com>',
      subject: 'Hello',
      'message-id': '<m1@example.com>',
      'auto-submitted': 'auto-generated',
    });
    expect(raw.split(/\r?\n/)).toContain(link);
    expect(read.html).toContain(`href="${link}"`);
    await server.stop();
  });

  it('have none but plain letters, as not every server takes others', async () => {
    const server = await startSmtpServer();
    const mailer = smtpMailer(server.url, from, soon);
    await mailer.send({ ...mail, text: `Hello Müller,\n\n${link}\n` });
    mailer.close();
    const [{ raw = '' } = {}] = server.taken;
    expect(Buffer.from(raw).every((byte) => byte < 0x7f)).toBe(true);
    expect(readMail(raw)).toMatchObject({ page: 'verify-email', token: 'A'.repeat(64) });
    await server.stop();
  });

  it.each([
    ['refuses', 'refused'],
    ['is-busy', 'delayed'],
    ['refuses-data', 'refused'],
    ['is-silent', 'unavailable'],
  ] as const)('fail in another way where a server %s', async (how, trouble) => {
    const server = await startSmtpServer(how);
    expect(await troubleWith(server.url)).toBe(trouble);
    await server.stop();
  });

  it('fail for now where there is no server', async () => {
    const server = await startSmtpServer();
    await server.stop();
    expect(await troubleWith(server.url)).toBe('unavailable');
  });
});

describe('Mails as files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-mails-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are for the owner alone, and the same again is the same file', async () => {
    const mailer = mailFiles(join(folder, 'mail'), from);
    await mailer.send(mail);
    await mailer.send(mail);
    mailer.close();
    expect(readdirSync(join(folder, 'mail'))).toEqual(['m1.eml']);
    const path = join(folder, 'mail', 'm1.eml');
    expect([statSync(path).mode & 0o777, statSync(join(folder, 'mail')).mode & 0o777]).toEqual([0o600, 0o700]);
    const raw = readFileSync(path, 'utf8');
    expect(Buffer.from(raw).every((byte) => byte < 0x7f)).toBe(true);
    expect(readMail(raw)).toMatchObject({ page: 'verify-email', token: 'A'.repeat(64) });
  });

  it('can be read as they are, whatever the letters in them', async () => {
    const mailer = mailFiles(join(folder, 'mail'), from);
    await mailer.send({ ...mail, mailId: 'm2', text: `Hello Müller & 株式会社,\n\n${link}\n` });
    mailer.close();
    const lines = readFileSync(join(folder, 'mail', 'm2.eml'), 'utf8').split('\n');
    expect(lines).toContain(link);
    expect(lines).toContain('Hello Müller & 株式会社,');
    expect(lines).toContain('Content-Transfer-Encoding: 8bit');
  });
});
