import { randomBytes } from 'node:crypto';

/** How many hashes are made at a time, each 19 MiB of memory and a core, and how many wait for that. */
export const hashingLimits = { atOnce: 2, waiting: 20 } as const;

/** The same password, whatever keyboard it is typed on. */
const asTyped = (password: string): string => password.normalize('NFC');

/** Loaded when somebody has a password: most processes start without. */
const argon2 = () => import('@node-rs/argon2');

/** What OWASP asks of Argon2id, which is what is made unless another is asked for: 19 MiB, two passes, one lane. */
const settings = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** As many passwords are being hashed, and wait for it, as may be. */
export class HashingBusy extends Error {
  constructor() {
    super(`${hashingLimits.waiting} passwords wait to be looked at; send it again later`);
    this.name = 'HashingBusy';
  }
}

/** Makes and checks hashes of passwords. Both reject with `HashingBusy` when too many wait. */
export type Passwords = {
  readonly hash: (password: string) => Promise<string>;
  /** Whether a password is that of a hash. Without one it takes as long, and is not. */
  readonly matches: (kept: string | undefined, password: string) => Promise<boolean>;
};

/** Passwords by Argon2id, a few at a time and the others in line. */
export const openPasswords = (): Passwords => {
  const line: (() => void)[] = [];
  let running = 0;
  const hash = async (password: string): Promise<string> => (await argon2()).hash(password, settings);
  let nobodys: Promise<string> | undefined;

  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= hashingLimits.atOnce) {
      if (line.length >= hashingLimits.waiting) throw new HashingBusy();
      await new Promise<void>((resolve) => line.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next) next();
      else running -= 1;
    }
  };

  /** The hash of a password that nobody has. */
  const hashOfNobody = (): Promise<string> =>
    (nobodys ??= hash(randomBytes(32).toString('base64')).catch((error: unknown) => {
      nobodys = undefined;
      throw error;
    }));
  return {
    hash: (password) => inTurn(() => hash(asTyped(password))),
    matches: (kept, password) =>
      inTurn(async () => {
        // By whoever comes first, or the first account that is not there would take twice as long.
        const ofNobody = await hashOfNobody();
        const { verify } = await argon2();
        return (await verify(kept ?? ofNobody, asTyped(password))) && kept !== undefined;
      }),
  };
};
