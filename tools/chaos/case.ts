import type { Server } from './server.ts';

/** What a case starts servers with, and how large it is. */
export type Ground = {
  /** Starts a server as `npm start` does, over a folder of its own unless told. It is ended when the case is over. */
  readonly server: (how?: {
    readonly env?: Readonly<Record<string, string>>;
    readonly dataDir?: string;
  }) => Promise<Server>;
  /** A count of things to do: all of it, or a tenth of it in a small run. */
  readonly many: (count: number) => number;
  /** Something to undo when the case is over, however it ended: the last one first. */
  readonly after: (undo: () => void | Promise<void>) => void;
  /** A new folder that is removed when the case is over. */
  readonly folder: () => string;
};

/**
 * What a case found when all held. `recovery` is in ms: from the start of the server, or the end of the trouble, until
 * everything that was acknowledged is in the read models and the service says that it is well.
 */
export type Found = { readonly found: string; readonly recovery?: number };

/** Why a case can't be tried on this machine. */
export type Skipped = { readonly skipped: string };

/** A kind of trouble, and what must hold in it and after it. */
export type Case = {
  readonly name: string;
  readonly about: string;
  readonly criterion: string;
  /** Rejects with `Broken` when something does not hold. */
  readonly run: (ground: Ground) => Promise<Found | Skipped>;
};

/** Something that must hold does not. The message says what was found instead. */
export class Broken extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Broken';
  }
}

/** @throws Broken with what was found, unless it holds. */
export const must: (holds: boolean, found: string) => asserts holds = (holds, found) => {
  if (!holds) throw new Broken(found);
};

/** Both as JSON must be the same. Throws `Broken` with both. */
export const mustEqual = (found: unknown, expected: unknown, what: string): void => {
  const [left, right] = [JSON.stringify(found), JSON.stringify(expected)];
  must(left === right, `${what}: found ${left.slice(0, 600)}, expected ${right.slice(0, 600)}`);
};
