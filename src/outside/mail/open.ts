import { join } from 'node:path';
import { mailFiles } from './files.ts';
import type { Mailer } from './mailer.ts';
import { smtpMailer } from './smtp.ts';

type Settings = {
  readonly smtpUrl?: string;
  readonly mailFrom: string;
  readonly dataDir: string;
};

/** Sends mails by the server of these settings, or into files of the data folder where there is none. */
export const openMailer = ({ smtpUrl, mailFrom, dataDir }: Settings): Mailer =>
  smtpUrl === undefined ? mailFiles(join(dataDir, 'mail'), mailFrom) : smtpMailer(smtpUrl, mailFrom);
