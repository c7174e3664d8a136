import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A mail as it was written: its headers by their names in lower case, and its plain text. */
export type ReadMail = {
  readonly raw: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
  /** What follows `#token=` in its link, and the page that the link leads to. */
  readonly token: string | undefined;
  readonly page: string | undefined;
  readonly mode: number;
};

const unfolded = (head: string): readonly string[] => head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);

const headersOf = (head: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    unfolded(head).map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );

/** Text in quoted-printable (RFC 2045) as it is read. */
const fromQuoted = (text: string): string => {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
};

const partOf = (raw: string, type: string): string => {
  const [, head = '', body = ''] =
    new RegExp(`(Content-Type: ${type}[^]*?)\\r?\\n\\r?\\n([^]*?)\\r?\\n--`, 'i').exec(raw) ?? [];
  return /quoted-printable/i.test(head) ? fromQuoted(body) : body;
};

/** A mail out of the bytes that were sent. */
export const readMail = (raw: string, mode = 0): ReadMail => {
  const text = partOf(raw, 'text/plain');
  const [, page, token] = /\/console\/([a-z-]+)(?:#token=([\w-]+))?/.exec(text) ?? [];
  return {
    raw,
    mode,
    headers: headersOf(raw.slice(0, raw.search(/\r?\n\r?\n/))),
    text,
    html: partOf(raw, 'text/html'),
    token,
    page,
  };
};

/** The mails in a data folder that were sent to an address, the oldest first. */
export const mailsTo = (dataDir: string, address: string): readonly ReadMail[] => {
  const folder = join(dataDir, 'mail');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.eml'))
    .toSorted()
    .map((file) => readMail(readFileSync(join(folder, file), 'utf8'), statSync(join(folder, file)).mode & 0o777))
    .filter(({ headers }) => headers['to'] === address);
};
