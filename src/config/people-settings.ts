import { z } from 'zod';

const signUps = ['open', 'invited'] as const;

/** How people come in, and what they are mailed. */
export type PeopleSettings = {
  /** Where the service is to be found from outside, without a slash at the end. */
  readonly publicUrl: string;
  /** Whether somebody said so; else it is where this process listens. */
  readonly publicUrlGiven: boolean;
  readonly smtpUrl?: string;
  readonly mailFrom: string;
  readonly mailFromGiven: boolean;
  readonly signUp: (typeof signUps)[number];
};

const urlOf = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

const isPublicUrl = (text: string): boolean => {
  if (text.length > 512) return false;
  const url = urlOf(text);
  if (!url || !/^https?:$/.test(url.protocol) || /[\s"<>\\]/.test(text)) return false;
  return url.username === '' && url.password === '' && !/[?#]/.test(text);
};

const isSmtpUrl = (text: string): boolean => {
  const url = urlOf(text);
  return url !== undefined && /^smtps?:$/.test(url.protocol) && url.hostname !== '' && !/\s/.test(text);
};

/** An address, or a name and an address, that fits into a header: no quotes, nothing that a line could end with. */
const mailFrom =
  /^(?:[A-Za-z0-9 ._-]{1,64} <[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,190}>|[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,190})$/;

/** The settings of people in the environment. */
export const peopleEnvironment = {
  PUBLIC_URL: z
    .string()
    .refine(isPublicUrl, { error: 'is not a web address like https://leads.example.com, without ? and #' })
    .transform((text) => text.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Where people find the service, for links in mails and as the issuer of tokens: the same for all processes. Needed with SMTP_URL; else made of HOST and PORT.',
    ),
  SMTP_URL: z
    .string()
    .refine(isSmtpUrl, {
      // The value may have a password.
      error:
        'is not the address of a mail server like smtps://user:password@mail.example.com:465 or smtp://mail.example.com:587',
    })
    .optional()
    .describe('The server that sends mails, smtp: or smtps:. Without it they are put into DATA_DIR/mail.'),
  MAIL_FROM: z
    .string()
    .regex(mailFrom, { error: 'is not an address to send from like leads@example.com or Leads <leads@example.com>' })
    .optional()
    .describe('Whom mails are from. Needed with SMTP_URL; else leadfold at the host of PUBLIC_URL.'),
  SIGN_UP: z
    .enum(signUps, {
      error: ({ input }) => `"${String(input)}" is not a way to sign up; give one of ${signUps.join(', ')}`,
    })
    .prefault('invited')
    .describe('Who may have an account: invited, or open for everybody who registers.'),
} as const;

type Settings = z.output<z.ZodObject<typeof peopleEnvironment>>;

/** Where a process listens, as an address for this machine. */
const listening = ({ host, port }: { readonly host: string; readonly port: number }): string => {
  const name = /^(?:0\.0\.0\.0|\[?::\]?)$/.test(host)
    ? '127.0.0.1'
    : host.includes(':')
      ? `[${host.replace(/[[\]]/g, '')}]`
      : host;
  return `http://${name}:${port}`;
};

/** What the settings of people come to. */
export const peopleOf = (
  { PUBLIC_URL, SMTP_URL, MAIL_FROM, SIGN_UP }: Settings,
  at: { readonly host: string; readonly port: number },
): PeopleSettings => {
  const publicUrl = PUBLIC_URL ?? listening(at);
  const host = urlOf(publicUrl)?.hostname ?? 'localhost';
  return {
    publicUrl,
    publicUrlGiven: PUBLIC_URL !== undefined,
    ...(SMTP_URL !== undefined && { smtpUrl: SMTP_URL }),
    mailFrom: MAIL_FROM ?? `leadfold@${/^[A-Za-z0-9.-]+$/.test(host) ? host : 'localhost'}`,
    mailFromGiven: MAIL_FROM !== undefined,
    signUp: SIGN_UP,
  };
};

/** What is wrong with settings of people that are each fine. */
export const peopleConflicts = ({ smtpUrl, publicUrlGiven, mailFromGiven }: PeopleSettings) => {
  const conflicts: (readonly [string, string])[] = [];
  if (smtpUrl === undefined) return conflicts;
  if (!publicUrlGiven)
    conflicts.push([
      'PUBLIC_URL',
      'is missing; mails that SMTP_URL sends have links, and nobody finds the way by those to this machine',
    ]);
  if (!mailFromGiven)
    conflicts.push(['MAIL_FROM', 'is missing; the server of SMTP_URL has to know whom mails are from']);
  return conflicts;
};
