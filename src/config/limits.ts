import { z } from 'zod';

/** How much each client may do in a minute. */
export type LimitSettings = {
  /** Events of a key or a source, for each process. */
  readonly ingest: number;
  /** Reads, changes, and what takes long, of a key or a session. */
  readonly reads: number;
  readonly writes: number;
  readonly heavy: number;
  /** Requests of an address that come with nothing that is known, and failures to come with such. */
  readonly address: number;
  readonly failures: number;
};

const most = 1_000_000_000;

const isLimit = (value: string) => /^\d{1,10}$/.test(value) && Number(value) >= 1 && Number(value) <= most;

/** How much of something may be done in a minute. */
const limit = (usual: number) =>
  z
    .string()
    .refine(isLimit, {
      error: ({ input }) => `"${String(input)}" is not a number for each minute; give a whole number from 1 to ${most}`,
    })
    .transform(Number)
    .prefault(String(usual));

/** The settings of limits. */
export const limitSettings = {
  LIMIT_INGEST: limit(200_000).describe('How many events a key or a source may send in a minute, to each process.'),
  LIMIT_READS: limit(6_000).describe('How often a key or a session may read in a minute.'),
  LIMIT_WRITES: limit(600).describe('How often a key or a session may change something in a minute.'),
  LIMIT_HEAVY: limit(30).describe('How often a key or a session may ask for what takes long in a minute.'),
  LIMIT_ADDRESS: limit(3_000).describe('How many requests an address may send in a minute without a valid key.'),
  LIMIT_FAILURES: limit(60).describe(
    'How often an address may send a wrong key, a wrong signature, or a project that is not its sender’s, in a minute.',
  ),
} as const;

/** The limits that are set. */
export const limitsOf = (settings: { readonly [Name in keyof typeof limitSettings]: number }): LimitSettings => ({
  ingest: settings.LIMIT_INGEST,
  reads: settings.LIMIT_READS,
  writes: settings.LIMIT_WRITES,
  heavy: settings.LIMIT_HEAVY,
  address: settings.LIMIT_ADDRESS,
  failures: settings.LIMIT_FAILURES,
});
