import { createTransport } from 'nodemailer';
import type { Mailer, MailTrouble } from './mailer.ts';
import { MailNotSent } from './mailer.ts';
import { messageOf } from './message.ts';

/** How long a server may take to be reached, to greet and to say anything at all, in ms. */
const waits = {
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 20_000,
  dnsTimeout: 10_000,
} as const;

/** What a server answered, where it did. */
const replyOf = (error: unknown): number =>
  error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : 0;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

/** Only what a server says to this mail is about this mail. */
const troubleOf = (code: string, reply: number): MailTrouble => {
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return 'unavailable';
  return reply >= 500 && reply < 600 ? 'refused' : 'delayed';
};

/** Sends mails by SMTP (RFC 5321) to the server of a URL. */
export const smtpMailer = (
  url: string,
  from: string,
  timeouts: Readonly<Record<keyof typeof waits, number>> = waits,
): Mailer => {
  const { host, username, password, protocol, port, searchParams } = new URL(url);
  const secure = protocol === 'smtps:';
  const transport = createTransport({
    host: new URL(url).hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: searchParams.get('requireTLS') === 'true',
    ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeouts.connectionTimeout,
    greetingTimeout: timeouts.greetingTimeout,
    socketTimeout: timeouts.socketTimeout,
    dnsTimeout: timeouts.dnsTimeout,
    logger: false,
  });
  return {
    to: host,
    close: () => transport.close(),
    send: async (mail) => {
      try {
        await transport.sendMail(messageOf(from, mail));
      } catch (error) {
        const [code, reply] = [codeOf(error), replyOf(error)];
        const said = reply === 0 ? code : `${code} ${reply}`;
        // What a server says often has the address in it.
        throw new MailNotSent(troubleOf(code, reply), `the mail server at ${host} did not take the mail: ${said}`);
      }
    },
  };
};
