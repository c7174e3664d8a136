import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';

/** Where data lives. The scheme picks the adapter; `:memory:` is a path too. */
export type Home = { readonly scheme: 'sqlite'; readonly path: string };

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type Config = {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly eventStore: Home;
  readonly readModels: Home;
  readonly adminKey?: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
};

/** The environment can't be used. The message has a line for each problem and never the value of a secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const isPort = (value: string) => /^\d{1,5}$/.test(value) && Number(value) <= 65535;

const home = (file: string) =>
  z
    .string()
    .regex(/^sqlite:./, {
      error: ({ input }) => `${schemeProblem(input)}; give sqlite:<path>, like sqlite:./data/${file}`,
    })
    .transform((value): Home => ({ scheme: 'sqlite', path: value.slice('sqlite:'.length) }))
    .optional();

// Only the scheme is repeated: what follows it may hold a password.
function schemeProblem(value: unknown): string {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(String(value))?.[1];
  if (scheme === undefined) return 'has no scheme';
  return scheme === 'sqlite' ? 'names no file' : `the scheme "${scheme}:" is not supported`;
}

const isRepeated = (value: string) =>
  Array.from({ length: Math.floor(value.length / 2) }, (_, index) => value.slice(0, index + 1)).some(
    (unit) => unit.repeat(Math.ceil(value.length / unit.length)).slice(0, value.length) === value,
  );

const isGuessable = (value: string) =>
  isRepeated(value) || new Set(value).size < 6 || /^(change|replace|password|secret|example|default)/i.test(value);

const MAKE_KEY = 'make one with: openssl rand -hex 32';

/** The environment: each setting with what it means. A setting without a value has its default. */
export const environment = z.object({
  PORT: z
    .string()
    .refine(isPort, { error: ({ input }) => `"${String(input)}" is not a port; give a whole number from 0 to 65535` })
    .transform(Number)
    .prefault('4000')
    .describe('The TCP port to listen on; 0 lets the system choose one.'),
  HOST: z
    .string()
    .regex(/^[^\s/]+$/, {
      error: ({ input }) => `"${String(input)}" is not an address; give a host name or an IP address, like 127.0.0.1`,
    })
    .prefault('127.0.0.1')
    .describe('The address to listen on; 0.0.0.0 for every interface.'),
  DATA_DIR: z.string().prefault('./data').describe('The folder for the data of this machine.'),
  EVENT_STORE: home('events.db').describe('Where the facts are: the truth, to be backed up. By default in DATA_DIR.'),
  READ_MODELS: home('read-models.db').describe(
    'Where the read models are: made again when deleted. By default in DATA_DIR.',
  ),
  LEADFOLD_ADMIN_KEY: z
    .string()
    .min(32, { error: `is shorter than 32 characters; ${MAKE_KEY}`, abort: true })
    .regex(/^[\x21-\x7e]*$/, { error: `has blanks or characters no header can carry; ${MAKE_KEY}`, abort: true })
    .refine((value) => !isGuessable(value), { error: `is easy to guess; ${MAKE_KEY}` })
    .optional()
    .describe(
      'The key that may do everything, at least 32 characters. Without one, a key is made in DATA_DIR/admin-key.',
    ),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, {
      error: ({ input }) => `"${String(input)}" is not a level; give one of ${LOG_LEVELS.join(', ')}`,
    })
    .prefault('info')
    .describe(`How much is logged: ${LOG_LEVELS.join(', ')}.`),
});

const NAMES = Object.keys(environment.shape);

/** How many characters have to be added, removed or replaced to turn one word into the other. */
function distance(from: string, to: string): number {
  const first = Array.from({ length: to.length + 1 }, (_, index) => index);
  const last = [...from].reduce((above, letter, row) => {
    return [...to].reduce(
      (line, other, column) => {
        const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1);
        return [...line, Math.min(replaced, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1)];
      },
      [row + 1],
    );
  }, first);
  return last[to.length] ?? 0;
}

function unknownProblem(name: string): string {
  const unprefixed = name.slice('LEADFOLD_'.length);
  const meant = NAMES.map((known) => ({ known, far: Math.min(distance(name, known), distance(unprefixed, known)) }))
    .filter(({ far }) => far <= 2)
    .sort((a, b) => a.far - b.far)[0];
  if (meant === undefined) return `${name}: there is no such setting; remove it`;
  return `${name}: there is no such setting; did you mean ${meant.known}?`;
}

/**
 * Reads the settings from an environment. A blank value counts as none.
 * @throws ConfigError with all the problems at once.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  const unknown = Object.keys(given).filter((name) => name.startsWith('LEADFOLD_') && !NAMES.includes(name));
  const parsed = environment.safeParse(given);
  const invalid = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  const problems = [...invalid, ...unknown.map(unknownProblem)];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const { DATA_DIR, LEADFOLD_ADMIN_KEY } = parsed.data;
  const inDataDir = (file: string): Home => ({ scheme: 'sqlite', path: `${DATA_DIR.replace(/\/+$/, '')}/${file}` });
  const eventStore = parsed.data.EVENT_STORE ?? inDataDir('events.db');
  const readModels = parsed.data.READ_MODELS ?? inDataDir('read-models.db');
  if (resolve(eventStore.path) === resolve(readModels.path)) {
    throw new ConfigError(['READ_MODELS: is the file of EVENT_STORE; give it a file of its own, as it may be deleted']);
  }
  return {
    port: parsed.data.PORT,
    host: parsed.data.HOST,
    dataDir: DATA_DIR,
    eventStore,
    readModels,
    ...(LEADFOLD_ADMIN_KEY !== undefined && { adminKey: LEADFOLD_ADMIN_KEY }),
    logLevel: parsed.data.LOG_LEVEL,
  };
}

/**
 * The settings of this process: its environment, and a file `.env` in the working folder for what the environment leaves open.
 * @throws ConfigError with all the problems at once.
 */
export function loadConfig(): Config {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  return parseConfig({ ...file, ...process.env });
}
