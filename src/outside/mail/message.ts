import type { SendMailOptions } from 'nodemailer';
import type { Mail } from './mailer.ts';

/** The longest line of a mail, in characters (RFC 5321, 4.5.3.1.6). */
const longestLine = 998;

const isPlain = (text: string): boolean =>
  /^[\x20-\x7e\n]*$/.test(text) && text.split('\n').every((line) => line.length <= longestLine);

/** The text as a part of its own where it needs no encoding: then its link is whole for whoever opens the mail as it is. */
const partOf = (text: string): string => {
  const [charset, encoding] = isPlain(text) ? ['us-ascii', '7bit'] : ['utf-8', '8bit'];
  const lines = [
    `Content-Type: text/plain; charset=${charset}`,
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    ...text.split('\n'),
  ];
  return lines.join('\r\n');
};

/**
 * A mail as nodemailer takes it. An address is given by its parts, so that it stays one whatever is in it, and what is in the texts
 * can refer to no file and no URL. A text in other letters than ASCII's is encoded for servers, and left as it is for `readers`.
 */
export const messageOf = (
  from: string,
  { mailId, to, subject, text, html }: Mail,
  whom: 'servers' | 'readers' = 'servers',
): SendMailOptions => ({
  from,
  to: { name: '', address: to },
  subject,
  text: isPlain(text) || whom === 'readers' ? { raw: partOf(text) } : text,
  html,
  messageId: `<${mailId}@${from.slice(from.lastIndexOf('@') + 1).replace(/[^A-Za-z0-9.-]/g, '')}>`,
  headers: { 'Auto-Submitted': 'auto-generated' },
  encoding: 'quoted-printable',
  textEncoding: 'quoted-printable',
  disableFileAccess: true,
  disableUrlAccess: true,
});
