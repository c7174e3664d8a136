import { join } from 'node:path';
import type { Mailer } from './mailer.ts';

type Settings = {
  readonly smtpUrl?: string;
  readonly mailFrom: string;
  readonly dataDir: string;
};

/** Sends mails by the server of these settings, or into files of the data folder where there is none. What does it is loaded with the first. */
export const openMailer = ({ smtpUrl, mailFrom, dataDir }: Settings): Mailer => {
  const folder = join(dataDir, 'mail');
  const load = async (): Promise<Mailer> =>
    smtpUrl === undefined
      ? (await import('./files.ts')).mailFiles(folder, mailFrom)
      : (await import('./smtp.ts')).smtpMailer(smtpUrl, mailFrom);
  let loaded: Promise<Mailer> | undefined;
  return {
    to: smtpUrl === undefined ? folder : new URL(smtpUrl).host,
    send: async (mail) => (await (loaded ??= load())).send(mail),
    close: () => void loaded?.then((mailer) => mailer.close()),
  };
};
