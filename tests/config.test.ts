import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, environment, parseConfig } from '../src/config/config.ts';

const STRONG = '7b1f0c93d2a84e65b0f7a6c1e8d94f23';
/** 32 bytes in base64. */
const [MASTER, OTHER] = [
  'q3Jm8Zx0vT5bN2cW7yKpR4sLdH9gF1aXeUo6iVtBnE8=',
  'Zk1wQ8rXn5vT2yB7cJ4hL9gS0dF3aM6eUoPiKtWxR1s=',
];

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the defaults', () => {
  it('serve one machine out of ./data', () => {
    expect(parseConfig({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      dataDir: './data',
      role: 'all',
      eventStore: { scheme: 'sqlite', path: './data/events.db' },
      readModels: { scheme: 'sqlite', path: './data/read-models.db' },
      vault: { scheme: 'sqlite', path: './data/vault.db' },
      deliverySchedule: [5, 300, 1_800, 7_200, 18_000, 36_000].map((seconds) => seconds * 1_000),
      trustProxy: false,
      limits: { ingest: 200_000, reads: 6_000, writes: 600, heavy: 30, address: 3_000, failures: 60 },
      people: {
        publicUrl: 'http://127.0.0.1:4000',
        publicUrlGiven: false,
        mailFrom: 'leadfold@127.0.0.1',
        mailFromGiven: false,
        signUp: 'invited',
      },
      logLevel: 'info',
    });
  });

  it('keep the stores in the data folder, wherever it is', () => {
    expect(parseConfig({ DATA_DIR: '/srv/leadfold/' })).toMatchObject({
      eventStore: { scheme: 'sqlite', path: '/srv/leadfold/events.db' },
      readModels: { scheme: 'sqlite', path: '/srv/leadfold/read-models.db' },
      vault: { scheme: 'sqlite', path: '/srv/leadfold/vault.db' },
    });
  });

  it('stand where a value is blank', () => {
    const blank = Object.fromEntries(Object.keys(environment.shape).map((name) => [name, '  ']));
    expect(parseConfig({ ...blank, LEADFOLD_UNKNOWN: '' })).toEqual(parseConfig({}));
  });
});

describe('a setting', () => {
  it('replaces its default', () => {
    const env = {
      PORT: '0',
      HOST: '0.0.0.0',
      DATA_DIR: '/a',
      EVENT_STORE: 'esdb+discover://a,b:2113?tls=true',
      READ_MODELS: 'mongodb://user:pa%2Fss@c/leadfold',
      VAULT: 'mongodb://d/secrets',
      LEADFOLD_ROLE: 'worker',
      LEADFOLD_ADMIN_KEY: STRONG,
      LEADFOLD_MASTER_KEY: MASTER,
      LEADFOLD_MASTER_KEY_PREVIOUS: OTHER,
      DELIVERY_ALLOW: 'localhost',
      DELIVERY_SCHEDULE: '500ms,1h',
      TRUST_PROXY: '10.0.0.0/8, fd00::1',
      LIMIT_INGEST: '1',
      LIMIT_READS: '2',
      LIMIT_WRITES: '3',
      LIMIT_HEAVY: '4',
      LIMIT_ADDRESS: '5',
      LIMIT_FAILURES: '1000000000',
      PUBLIC_URL: 'https://leads.example.com/',
      SMTP_URL: 'smtps://user:pa%2Fss@mail.example.com',
      MAIL_FROM: 'Leads <leads@example.com>',
      SIGN_UP: 'open',
      LOG_LEVEL: 'silent',
      METRICS_PORT: '9464',
    };
    expect(Object.keys(env)).toEqual(Object.keys(environment.shape));
    expect(parseConfig(env)).toEqual({
      port: 0,
      host: '0.0.0.0',
      dataDir: '/a',
      role: 'worker',
      eventStore: { scheme: 'eventstoredb', url: 'esdb+discover://a,b:2113?tls=true' },
      readModels: { scheme: 'mongodb', url: 'mongodb://user:pa%2Fss@c/leadfold' },
      vault: { scheme: 'mongodb', url: 'mongodb://d/secrets' },
      adminKey: STRONG,
      masterKey: Buffer.from(MASTER, 'base64'),
      previousMasterKey: Buffer.from(OTHER, 'base64'),
      deliveryAllow: { networks: [], hosts: ['localhost'] },
      deliverySchedule: [500, 3_600_000],
      trustProxy: ['10.0.0.0/8', 'fd00::1'],
      limits: { ingest: 1, reads: 2, writes: 3, heavy: 4, address: 5, failures: 1_000_000_000 },
      people: {
        publicUrl: 'https://leads.example.com',
        publicUrlGiven: true,
        smtpUrl: 'smtps://user:pa%2Fss@mail.example.com',
        mailFrom: 'Leads <leads@example.com>',
        mailFromGiven: true,
        signUp: 'open',
      },
      logLevel: 'silent',
      metricsPort: 9464,
    });
  });

  it.each([
    ['PORT', '65536', 'PORT: "65536" is not a port'],
    ['PORT', '-1', 'PORT: "-1" is not a port'],
    ['PORT', '4e3', 'PORT: "4e3" is not a port'],
    ['HOST', 'http://localhost', 'HOST: "http://localhost" is not an address'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL: "loud" is not a level; give one of fatal, error, warn'],
    ['EVENT_STORE', './events.db', 'EVENT_STORE: has no scheme; give sqlite:<path>'],
    ['READ_MODELS', 'sqlite:', 'READ_MODELS: names no file'],
    ['EVENT_STORE', 'mongodb://db', 'EVENT_STORE: the scheme "mongodb:" is not supported; give sqlite:<path>'],
    ['READ_MODELS', 'esdb://db', 'READ_MODELS: the scheme "esdb:" is not supported; give sqlite:<path>'],
    ['EVENT_STORE', 'esdb:db', 'EVENT_STORE: after "esdb:" there is no address'],
    ['READ_MODELS', 'mongodb://user@', 'READ_MODELS: after "mongodb:" there is no address'],
    ['LEADFOLD_ROLE', 'reader', 'LEADFOLD_ROLE: "reader" is not a role; give one of all, api, worker'],
    ['READ_MODELS', 'sqlite:data/../data/events.db', 'READ_MODELS: is the file of EVENT_STORE'],
    ['VAULT', 'sqlite:data/events.db', 'VAULT: is the file of EVENT_STORE'],
    ['VAULT', 'sqlite:data/read-models.db', 'VAULT: is the place of READ_MODELS, which may be deleted'],
    ['VAULT', 'esdb://db', 'VAULT: the scheme "esdb:" is not supported'],
    ['VAULT', 'mongodb://db', 'LEADFOLD_MASTER_KEY: is missing'],
    ['DELIVERY_ALLOW', '10.0.0.0/8,a b', 'DELIVERY_ALLOW: "a b": neither a network like 10.0.0.0/8 nor the name'],
    ['DELIVERY_SCHEDULE', '5s,soon', 'DELIVERY_SCHEDULE: "soon": not a wait'],
    ['TRUST_PROXY', 'true', 'TRUST_PROXY: "true": give off, the number of proxies'],
    ['TRUST_PROXY', '0', 'TRUST_PROXY: "0" is no number of proxies'],
    ['TRUST_PROXY', '11', 'TRUST_PROXY: "11" is no number of proxies'],
    ['TRUST_PROXY', '10.0.0.0/33', 'TRUST_PROXY: "10.0.0.0/33": give off'],
    ['TRUST_PROXY', '10.0.0.1,loopback', 'TRUST_PROXY: "loopback": give off'],
    ['TRUST_PROXY', '0.0.0.0/0', 'TRUST_PROXY: would believe everybody'],
    ['TRUST_PROXY', ',', 'TRUST_PROXY: has 0 entries'],
    ['LIMIT_READS', '0', 'LIMIT_READS: "0" is not a number for each minute'],
    ['LIMIT_HEAVY', '1e3', 'LIMIT_HEAVY: "1e3" is not a number for each minute'],
    ['PUBLIC_URL', 'leads.example.com', 'PUBLIC_URL: is not a web address'],
    ['PUBLIC_URL', 'https://leads.example.com/?a=b', 'PUBLIC_URL: is not a web address'],
    ['PUBLIC_URL', 'javascript:alert(1)', 'PUBLIC_URL: is not a web address'],
    ['MAIL_FROM', 'Ada', 'MAIL_FROM: is not an address to send from'],
    ['MAIL_FROM', 'a@b.c\r\nBcc: d@e.f', 'MAIL_FROM: is not an address to send from'],
    ['SIGN_UP', 'everybody', 'SIGN_UP: "everybody" is not a way to sign up; give one of open, invited'],
    ['LEADFOLD_MASTER_KEY', 'secret', 'LEADFOLD_MASTER_KEY: is not 32 bytes in base64'],
    ['LEADFOLD_MASTER_KEY', `${'A'.repeat(43)}=`, 'LEADFOLD_MASTER_KEY: is easy to guess'],
  ])('%s can not be %s', (name, value, problem) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ['EVENT_STORE', 'redis://root:hunter2@db', 'EVENT_STORE: the scheme "redis:" is not supported'],
    ['EVENT_STORE', 'esdb://root:hunter2@@db', 'EVENT_STORE: after "esdb:" there is no address that can be read'],
    ['READ_MODELS', 'mongodb://root:hunter2/@db', 'READ_MODELS: after "mongodb:" there is no address that can be read'],
    ['EVENT_STORE', 'esdb://root:hunter2@db', 'LEADFOLD_ADMIN_KEY: is missing'],
    ['SMTP_URL', 'imap://root:hunter2@db', 'SMTP_URL: is not the address of a mail server'],
  ])('%s is never repeated in the message, as it may hold a password: %s', (name, value, problem) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join()).not.toContain('hunter2');
  });
});

it('What sends mails has to be told whom they are from and where their links go', () => {
  const env = { SMTP_URL: 'smtp://mail.example.com' };
  const missing = [expect.stringContaining('PUBLIC_URL: is missing'), expect.stringContaining('MAIL_FROM: is missing')];
  expect(problemsOf(env)).toEqual(missing);
  expect(problemsOf({ ...env, PUBLIC_URL: 'https://leads.example.com', MAIL_FROM: 'leads@example.com' })).toEqual([]);
});

describe('a process', () => {
  const servers = {
    EVENT_STORE: 'esdb://db:2113',
    READ_MODELS: 'mongodb://db',
    LEADFOLD_ADMIN_KEY: STRONG,
    LEADFOLD_MASTER_KEY: MASTER,
  };

  it.each(['all', 'api', 'worker'])('of role %s may have all stores on servers', (role) => {
    expect(problemsOf({ ...servers, LEADFOLD_ROLE: role })).toEqual([]);
  });

  it.each([
    ['facts on a server and read models in a file', { READ_MODELS: '' }],
    ['facts in a file and read models on a server', { EVENT_STORE: '' }],
    [
      'facts in a file, read models on a server and no key',
      { EVENT_STORE: '', LEADFOLD_ADMIN_KEY: '', LEADFOLD_MASTER_KEY: '' },
    ],
  ])('that does all may have %s', (_, files) => {
    expect(problemsOf({ ...servers, ...files })).toEqual([]);
  });

  it.each(['api', 'worker'])('of role %s is refused files, which serve one process', (role) => {
    const eventStore = expect.stringMatching(
      `^EVENT_STORE: .* serves one process, .* for role ${role} give esdb://`,
    ) as unknown;
    const readModels = expect.stringMatching(
      `^READ_MODELS: .* serves one process, .* for role ${role} give mongodb://`,
    ) as unknown;
    const vault = expect.stringMatching(
      `^VAULT: .* serves one process, .* for role ${role} give mongodb://`,
    ) as unknown;
    expect(problemsOf({ LEADFOLD_ROLE: role })).toEqual([eventStore, readModels, vault]);
    expect(problemsOf({ ...servers, LEADFOLD_ROLE: role, EVENT_STORE: 'sqlite:e.db' })).toEqual([eventStore, vault]);
    expect(problemsOf({ ...servers, LEADFOLD_ROLE: role, READ_MODELS: 'sqlite:r.db' })).toEqual([readModels, vault]);
  });

  it.each(['all', 'api', 'worker'])('of role %s at an event store of many needs the key that they share', (role) => {
    const problems = problemsOf({ ...servers, LEADFOLD_ROLE: role, LEADFOLD_ADMIN_KEY: '' });
    expect(problems).toEqual([
      expect.stringMatching(/^LEADFOLD_ADMIN_KEY: is missing; .* the same key; make one with/),
    ]);
  });

  it('is told of an invalid setting once, and of what does not go together besides', () => {
    const problems = problemsOf({ LEADFOLD_ROLE: 'api', EVENT_STORE: 'redis://db', LEADFOLD_ADMIN_KEY: 'short' });
    expect(problems.map((problem) => problem.slice(0, 28))).toEqual([
      'EVENT_STORE: the scheme "red',
      'LEADFOLD_ADMIN_KEY: is short',
      'READ_MODELS: is a file, and ',
      'VAULT: is a file, and a file',
    ]);
  });
});

describe('the vault', () => {
  const servers = { EVENT_STORE: 'esdb://db', LEADFOLD_ADMIN_KEY: STRONG, LEADFOLD_MASTER_KEY: MASTER };

  it.each([
    ['mongodb://c/leadfold', 'mongodb://c/leadfold-vault'],
    ['mongodb://u:p@c,d/leadfold?authSource=admin', 'mongodb://u:p@c,d/leadfold-vault?authSource=admin'],
    ['mongodb://u:p@c,d/leadfold', 'mongodb://u:p@c,d/leadfold-vault?authSource=leadfold'],
  ])('is beside read models at %s that many processes share', (url, beside) => {
    expect(parseConfig({ ...servers, READ_MODELS: url }).vault).toEqual({ scheme: 'mongodb', url: beside });
  });

  it('on a server needs the master key that all share', () => {
    const env = { ...servers, READ_MODELS: 'mongodb://c', LEADFOLD_MASTER_KEY: '' };
    expect(problemsOf(env)).toEqual([expect.stringMatching(/^LEADFOLD_MASTER_KEY: is missing; .* make one with/)]);
  });
});

describe('the admin key', () => {
  it.each([
    [STRONG.slice(1), 'shorter than 32 characters'],
    ['a'.repeat(64), 'easy to guess'],
    ['0123456789'.repeat(4), 'easy to guess'],
    ['aabbccddeeabcdeabcdeeeddccbbaacdee', 'easy to guess'],
    [`changeme-${STRONG}`, 'easy to guess'],
    [`Password-${STRONG}`, 'easy to guess'],
    [`${STRONG} ${STRONG.slice(9)}`, 'no header can carry'],
  ])('%s is refused without being repeated', (key, reason) => {
    const problems = problemsOf({ LEADFOLD_ADMIN_KEY: key });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^LEADFOLD_ADMIN_KEY: .*${reason}; make one with`))]);
    expect(problems.join()).not.toContain(key);
  });
});

describe('an unknown variable', () => {
  it.each([
    ['LEADFOLD_ADMN_KEY', 'did you mean LEADFOLD_ADMIN_KEY?'],
    ['LEADFOLD_PORT', 'did you mean PORT?'],
    ['LEADFOLD_FAVOURITE_COLOUR', 'remove it'],
  ])('%s is refused: %s', (name, advice) => {
    expect(problemsOf({ [name]: STRONG })).toEqual([`${name}: there is no such setting; ${advice}`]);
  });

  it('of somebody else is none of ours', () => {
    expect(parseConfig({ PATH: '/bin', OTEL_SERVICE_NAME: 'x' })).toEqual(parseConfig({}));
  });
});

describe('what OpenTelemetry sends', () => {
  const to = 'http://collector:4318';
  const sent = (env: Readonly<Record<string, string>>) => {
    const { traces, metrics } = parseConfig(env);
    return { traces: traces?.protocol, metrics: metrics?.protocol };
  };

  it.each<[Record<string, string>, string | undefined, string | undefined]>([
    [{}, undefined, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' }, undefined, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: to }, 'http/protobuf', 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: to }, 'http/protobuf', undefined],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: to }, undefined, 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: to, OTEL_METRICS_EXPORTER: 'none' }, 'http/protobuf', undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: to, OTEL_METRICS_EXPORTER: 'prometheus' }, 'http/protobuf', undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: to, OTEL_TRACES_EXPORTER: 'none' }, undefined, 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: to, OTEL_SDK_DISABLED: 'true' }, undefined, undefined],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http/protobuf', undefined],
    [{ OTEL_METRICS_EXPORTER: 'prometheus, otlp' }, undefined, 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: to, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'http/json', 'http/json'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: to, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' },
      'http/json',
      'http/protobuf',
    ],
  ])('by %o is traces as %s and metrics as %s', (env, traces, metrics) => {
    expect(sent(env)).toEqual({ traces, metrics });
  });

  it('is metrics every minute, unless something else is said', () => {
    const env = { OTEL_METRICS_EXPORTER: 'otlp' };
    expect(parseConfig(env).metrics).toEqual({ protocol: 'http/protobuf', interval: 60_000, timeout: 30_000 });
    expect(parseConfig({ ...env, OTEL_METRIC_EXPORT_INTERVAL: '500' }).metrics?.interval).toBe(500);
  });

  it.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin', '"zipkin" is not who takes traces; give otlp or none'],
    ['OTEL_METRICS_EXPORTER', 'otlp,x', '"otlp,x" is not who takes metrics; give otlp, prometheus or none'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'is not an address; give one like http://127.0.0.1:4318'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', '"grpc" is not a protocol; give http/protobuf or http/json'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '1s', '"1s" is not a time; give whole milliseconds'],
  ])('is refused by %s=%s', (name, value, problem) => {
    expect(problemsOf({ [name]: value })).toEqual([`${name}: ${problem}`]);
  });
});

it('names all the problems at once, a line each', () => {
  const env = { PORT: 'x', LOG_LEVEL: 'y', LEADFOLD_ADMIN_KEY: 'z', LEADFOLD_NOPE: '1' };
  const lines = problemsOf(env).map((problem) => problem.split(':')[0]);
  expect(lines).toEqual(['PORT', 'LEADFOLD_ADMIN_KEY', 'LOG_LEVEL', 'LEADFOLD_NOPE']);
  expect(() => parseConfig(env)).toThrow(/^PORT: .*\nLEADFOLD_ADMIN_KEY: .*\nLOG_LEVEL: .*\nLEADFOLD_NOPE: .*$/);
});

it('reads .env in the working folder, after the environment of the process', () => {
  const cwd = mkdtempSync(join(tmpdir(), 'leadfold-config-'));
  try {
    writeFileSync(join(cwd, '.env'), 'PORT=4001\nHOST=0.0.0.0\n');
    const { href } = new URL('../src/config/config.ts', import.meta.url);
    const script = `import { loadConfig } from '${href}'; console.log(JSON.stringify(loadConfig()));`;
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
    const output = execFileSync(process.execPath, args, { cwd, env: { PORT: '4002' }, encoding: 'utf8' });
    expect(JSON.parse(output)).toMatchObject({ port: 4002, host: '0.0.0.0' });
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

describe('.env.example', () => {
  // What comes after the service's own settings is read by docker compose.
  const [text = ''] = readFileSync(new URL('../.env.example', import.meta.url), 'utf8').split(/^# -+ The containers/m);
  const lines = [...text.matchAll(/^# (?<doc>.+)\n# (?<name>[A-Z_]+)=(?<value>.*)$/gm)].map(({ groups }) => ({
    doc: groups?.['doc'],
    name: groups?.['name'] ?? '',
    value: groups?.['value'] ?? '',
  }));

  it('lists every setting and no other, with what it means', () => {
    const settings = Object.entries(environment.shape).map(([name, { description }]) => ({ name, doc: description }));
    expect(lines.map(({ name, doc }) => ({ name, doc }))).toEqual(settings);
    expect(text.match(/^#? ?[A-Z_]+=/gm)).toHaveLength(lines.length);
  });

  it('shows the defaults', () => {
    for (const { name, value } of lines) expect(parseConfig({ [name]: value }), name).toEqual(parseConfig({}));
    expect(lines.filter(({ value }) => value === '').map(({ name }) => name)).toEqual([
      'LEADFOLD_ADMIN_KEY',
      'LEADFOLD_MASTER_KEY',
      'LEADFOLD_MASTER_KEY_PREVIOUS',
      'DELIVERY_ALLOW',
      'PUBLIC_URL',
      'SMTP_URL',
      'MAIL_FROM',
      'METRICS_PORT',
    ]);
  });
});
