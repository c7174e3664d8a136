import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Mailer } from './mailer.ts';
import { MailNotSent } from './mailer.ts';
import { messageOf } from './message.ts';

/** Puts mails into files that only the owner can read, `<mailId>.eml`: for who has no server to send them. */
export const mailFiles = (folder: string, from: string): Mailer => {
  const writer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  return {
    to: folder,
    close: () => writer.close(),
    send: async (mail) => {
      const { message } = await writer.sendMail(messageOf(from, mail, 'readers'));
      const path = join(folder, `${mail.mailId}.eml`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        // Who looks into the folder finds whole mails only.
        await writeFile(`${path}.part`, message, { mode: 0o600 });
        await rename(`${path}.part`, path);
      } catch (error) {
        throw new MailNotSent('unavailable', `mails can not be written to ${folder}`, { cause: error });
      }
    },
  };
};
