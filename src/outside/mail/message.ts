import type MailMessage from 'nodemailer/lib/mailer/index.js';
import type { Mail } from './mailer.ts';

/**
 * A mail as nodemailer takes it. An address is given by its parts, so that it stays one whatever is in it, and what is in the texts
 * can refer to no file and no URL.
 */
export const messageOf = (from: string, { mailId, to, subject, text, html }: Mail): MailMessage.Options => ({
  from,
  to: { name: '', address: to },
  subject,
  text,
  html,
  messageId: `<${mailId}@${from.slice(from.lastIndexOf('@') + 1).replace(/[^A-Za-z0-9.-]/g, '')}>`,
  headers: { 'Auto-Submitted': 'auto-generated' },
  encoding: 'quoted-printable',
  textEncoding: 'quoted-printable',
  disableFileAccess: true,
  disableUrlAccess: true,
});
