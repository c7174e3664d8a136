import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import type { DeliveryAllow } from './delivery-allow.ts';
import { deliveryAllow } from './delivery-allow.ts';
import { defaultSchedule, deliverySchedule } from './delivery-schedule.ts';
import type { PeopleSettings } from './people-settings.ts';
import { peopleEnvironment, peopleOf } from './people-settings.ts';
import type { StoreLocations, VaultLocation } from './store-location.ts';
import { nearestOf } from '../domain/nearest.ts';
import type { Sent } from './opentelemetry.ts';
import { openTelemetryOf } from './opentelemetry.ts';
import type { LimitSettings } from './limits.ts';
import { limitSettings, limitsOf } from './limits.ts';
import type { TrustProxy } from './trust-proxy.ts';
import { trustProxy } from './trust-proxy.ts';
import { conflictsIn, MAKE_KEY } from './conflicts.ts';
import { EVENTSTOREDB, storeLocation, MONGODB, vaultBeside } from './store-location.ts';

const ROLES = ['all', 'api', 'worker'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type Config = StoreLocations & {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly role: (typeof ROLES)[number];
  readonly adminKey?: string;
  /** Where the secrets are, and what seals them: the key that is made in the data folder unless one is given, and the one before it. */
  readonly vault: VaultLocation;
  readonly masterKey?: Buffer;
  readonly previousMasterKey?: Buffer;
  /** Where webhooks may go besides the open internet. */
  readonly deliveryAllow?: DeliveryAllow;
  /** The waits between the attempts to tell an endpoint, in ms. */
  readonly deliverySchedule: readonly number[];
  /** Whose word is taken for where a request comes from. */
  readonly trustProxy: TrustProxy;
  readonly limits: LimitSettings;
  readonly people: PeopleSettings;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** A port for metrics alone, which asks for no key. */
  readonly metricsPort?: number;
} & Sent;

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

const isRepeated = (value: string) =>
  Array.from({ length: Math.floor(value.length / 2) }, (_, index) => value.slice(0, index + 1)).some(
    (unit) => unit.repeat(Math.ceil(value.length / unit.length)).slice(0, value.length) === value,
  );

const isGuessable = (value: string) =>
  isRepeated(value) || new Set(value).size < 6 || /^(change|replace|password|secret|example|default)/i.test(value);

/** A master key as it is written: the 32 bytes of one in base64. */
const masterKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, {
    error: 'is not 32 bytes in base64; make one with: openssl rand -base64 32',
    abort: true,
  })
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => new Set(bytes).size >= 12, { error: 'is easy to guess; make one with: openssl rand -base64 32' })
  .optional();

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
  EVENT_STORE: storeLocation('events.db', EVENTSTOREDB).describe(
    'Where the facts are: the truth, to be backed up. sqlite:, esdb:// or esdb+discover://; by default in DATA_DIR.',
  ),
  READ_MODELS: storeLocation('read-models.db', MONGODB).describe(
    'Where the read models are: made again when deleted. sqlite:, mongodb:// or mongodb+srv://; by default in DATA_DIR.',
  ),
  VAULT: storeLocation('vault.db', MONGODB).describe(
    'Where the secrets are: a truth, to be backed up. sqlite: or mongodb://; by default in DATA_DIR, or, with facts and read models on servers, in the database called as that of READ_MODELS with -vault behind it.',
  ),
  LEADFOLD_ROLE: z
    .enum(ROLES, { error: ({ input }) => `"${String(input)}" is not a role; give one of ${ROLES.join(', ')}` })
    .prefault('all')
    .describe('What this process does: api answers requests, worker follows the log, all does both.'),
  LEADFOLD_ADMIN_KEY: z
    .string()
    .min(32, { error: `is shorter than 32 characters; ${MAKE_KEY}`, abort: true })
    .max(256, { error: `is longer than 256 characters; ${MAKE_KEY}`, abort: true })
    .regex(/^[\x21-\x7e]*$/, { error: `has blanks or characters no header can carry; ${MAKE_KEY}`, abort: true })
    .refine((value) => !isGuessable(value), { error: `is easy to guess; ${MAKE_KEY}` })
    .optional()
    .describe(
      'The key that may do everything, 32 to 256 characters. Needed with esdb:; else one is made in DATA_DIR/admin-key.',
    ),
  LEADFOLD_MASTER_KEY: masterKey.describe(
    'The key that seals the secrets in the vault, 32 bytes in base64. Needed with a vault in MongoDB; else one is made in DATA_DIR/master-key.',
  ),
  LEADFOLD_MASTER_KEY_PREVIOUS: masterKey.describe('The key before it, while the master key is changed.'),
  DELIVERY_ALLOW: deliveryAllow
    .optional()
    .describe(
      'Where webhooks may go besides the open internet, also by http: networks like 10.0.0.0/8 and hosts by name, with commas between them.',
    ),
  DELIVERY_SCHEDULE: deliverySchedule
    .prefault(defaultSchedule)
    .describe('The waits between the attempts to send a webhook, like 500ms, 5s, 30m or 2h, with commas between them.'),
  TRUST_PROXY: trustProxy
    .prefault('off')
    .describe(
      'Whose X-Forwarded-For and X-Forwarded-Proto are believed: off, how many proxies are in front, or their addresses and networks, with commas between them.',
    ),
  ...limitSettings,
  ...peopleEnvironment,
  LOG_LEVEL: z
    .enum(LOG_LEVELS, {
      error: ({ input }) => `"${String(input)}" is not a level; give one of ${LOG_LEVELS.join(', ')}`,
    })
    .prefault('info')
    .describe(`How much is logged: ${LOG_LEVELS.join(', ')}.`),
  METRICS_PORT: z
    .string()
    .refine(isPort, { error: ({ input }) => `"${String(input)}" is not a port; give a whole number from 0 to 65535` })
    .transform(Number)
    .optional()
    .describe(
      'A port for /metrics alone, which asks for no key: open it to Prometheus only. Without it, ask PORT with the root key.',
    ),
});

const NAMES = Object.keys(environment.shape);

function unknownProblem(name: string): string {
  const meant = nearestOf(name, NAMES, 2) ?? nearestOf(name.slice('LEADFOLD_'.length), NAMES, 2);
  if (meant === undefined) return `${name}: there is no such setting; remove it`;
  return `${name}: there is no such setting; did you mean ${meant}?`;
}

function configOf(settings: z.output<typeof environment>): Config {
  const { DATA_DIR, EVENT_STORE, READ_MODELS, VAULT, LEADFOLD_ADMIN_KEY } = settings;
  const { LEADFOLD_MASTER_KEY: masterKey, LEADFOLD_MASTER_KEY_PREVIOUS: previousMasterKey } = settings;
  const inDataDir = (file: string) => ({ scheme: 'sqlite' as const, path: `${DATA_DIR.replace(/\/+$/, '')}/${file}` });
  const stores = {
    eventStore: EVENT_STORE ?? inDataDir('events.db'),
    readModels: READ_MODELS ?? inDataDir('read-models.db'),
  };
  return {
    ...stores,
    port: settings.PORT,
    host: settings.HOST,
    dataDir: DATA_DIR,
    role: settings.LEADFOLD_ROLE,
    vault: VAULT ?? vaultBeside(stores) ?? inDataDir('vault.db'),
    ...(masterKey && { masterKey }),
    ...(previousMasterKey && { previousMasterKey }),
    ...(LEADFOLD_ADMIN_KEY !== undefined && { adminKey: LEADFOLD_ADMIN_KEY }),
    ...(settings.DELIVERY_ALLOW && { deliveryAllow: settings.DELIVERY_ALLOW }),
    deliverySchedule: settings.DELIVERY_SCHEDULE,
    trustProxy: settings.TRUST_PROXY,
    limits: limitsOf(settings),
    people: peopleOf(settings, { host: settings.HOST, port: settings.PORT }),
    logLevel: settings.LOG_LEVEL,
    ...(settings.METRICS_PORT !== undefined && { metricsPort: settings.METRICS_PORT }),
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from an environment. A blank value counts as none.
 * @throws ConfigError with all the problems at once.
 */
export function parseConfig(env: Environment): Config {
  const given = Object.entries(env).filter(([, value]) => value?.trim());
  const unknown = given.map(([name]) => name).filter((name) => name.startsWith('LEADFOLD_') && !NAMES.includes(name));
  const sent = openTelemetryOf(Object.fromEntries(given));
  const issues = [...(environment.safeParse(Object.fromEntries(given)).error?.issues ?? []), ...sent.issues];
  const invalid = issues.map(({ path, message }) => [path.join('.'), message] as const);
  // What is invalid is left out, so that the others can still be compared with each other.
  const isInvalid = (name: string) => invalid.some(([other]) => other === name);
  const config = configOf(environment.parse(Object.fromEntries(given.filter(([name]) => !isInvalid(name)))));
  const conflicts = conflictsIn(config).filter(([name]) => !isInvalid(name));
  const problems = [...invalid, ...conflicts].map(([name, problem]) => `${name}: ${problem}`);
  if (problems.length + unknown.length > 0) throw new ConfigError([...problems, ...unknown.map(unknownProblem)]);
  return { ...config, ...sent.found };
}

/**
 * The settings of this process: its environment, and a file `.env` in the working folder for what the environment leaves open.
 * What is `given` goes before both.
 * @throws ConfigError with all the problems at once.
 */
export function loadConfig(given: Readonly<Record<string, string>> = {}): Config {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  // OpenTelemetry's SDK knows the environment of the process alone.
  for (const [name, value] of Object.entries(file)) if (name.startsWith('OTEL_')) process.env[name] ??= value;
  return parseConfig({ ...file, ...process.env, ...given });
}
