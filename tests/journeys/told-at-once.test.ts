import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/config.ts';
import { optionNames } from '../../src/config/eventstoredb-address.ts';
import { openApp } from '../../src/app.ts';
import { adminKey } from '../support/app.ts';
import { newCertificate } from '../support/certificates.ts';
import { childEnv } from '../support/child-env.ts';
import type { EventStoreStandin } from '../support/eventstoredb-standin.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import { spawnServer } from '../support/server-process.ts';
import { unlimited } from '../support/unlimited.ts';

const folder = mkdtempSync(join(tmpdir(), 'leadfold-told-'));
const fileOf = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** What stands in the connection string, and what it means: no output may have either, nor as it goes over the wire. */
const password = { encoded: 'hunter%2F2%3A%40x', plain: 'hunter/2:@x' };
const forms = [password.encoded, password.plain, btoa(`admin:${password.plain}`), 'hunter'];

const certificate = newCertificate();
const other = newCertificate();
const elsewhere = newCertificate(['db.example.com']);
const expired = newCertificate(undefined, -60_000);
const files = {
  ca: fileOf('ca.pem', certificate.cert),
  other: fileOf('other.pem', other.cert),
  key: fileOf('other.key', other.key),
  elsewhere: fileOf('elsewhere.pem', elsewhere.cert),
  expired: fileOf('expired.pem', expired.cert),
};
const user = { username: 'admin', password: password.plain };

let [secure, plain, named, old]: EventStoreStandin[] = [];
beforeAll(async () => {
  [secure, plain, named, old] = await Promise.all([
    startEventStoreStandin(0, undefined, undefined, { certificate, ...user }),
    startEventStoreStandin(),
    startEventStoreStandin(0, undefined, undefined, { certificate: elsewhere, ...user }),
    startEventStoreStandin(0, undefined, undefined, { certificate: expired, ...user }),
  ]);
});
afterAll(async () => {
  await Promise.all([secure, plain, named, old].map(async (each) => each?.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const address = (standin: EventStoreStandin | undefined, options = '', who = `admin:${password.encoded}`): string =>
  `esdb://${who}@127.0.0.1:${standin?.port}?tls=true${options}`;

let number = 0;
const settingsOver = (eventStore: string, env: Readonly<Record<string, string>> = {}) => {
  const own = { DATA_DIR: join(folder, `data-${(number += 1)}`), LEADFOLD_ADMIN_KEY: adminKey, PORT: '0' };
  return { ...own, EVENT_STORE: eventStore, LOG_LEVEL: 'debug', ...env };
};

/** A process over an event store, with everything told that any library tells. */
const started = (eventStore: string, env: Readonly<Record<string, string>> = {}) => {
  const server = spawnServer(settingsOver(eventStore, env));
  onTestFinished(async () => {
    server.child.kill('SIGKILL');
    await server.ended;
  });
  return server;
};
const verbose = { DEBUG: '*', GRPC_TRACE: 'all', GRPC_VERBOSITY: 'DEBUG', MONGODB_LOG_ALL: 'trace' };

type Line = { readonly msg?: string; readonly error?: string };
const linesIn = (output: string): readonly Line[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

const mustKeepSecret = (output: string): void => {
  for (const form of forms) expect(output).not.toContain(form);
};

/** One process that opens the product over one event store after the other. */
const openings = () => {
  const file = join(import.meta.dirname, '..', 'support', 'openings.ts');
  const child = fork(file, [], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...childEnv(), ...unlimited },
  });
  const said = { output: '' };
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => void (said.output += part.toString()));
  const loaded = once(child, 'message');
  return {
    /** Resolves with what gives all that it said since, when it listens over this event store. */
    over: async (eventStore: string): Promise<() => string> => {
      await loaded;
      const before = said.output.length;
      const listening = once(child, 'message');
      child.send(settingsOver(eventStore));
      await listening;
      return () => said.output.slice(before);
    },
    end: async (): Promise<void> => {
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
    },
  };
};

describe('An event store that can not be used', () => {
  let opening: ReturnType<typeof openings> | undefined;
  beforeAll(() => {
    opening = openings();
  });
  afterAll(() => opening?.end());

  const mustTell = async (output: () => string, reason: string): Promise<void> => {
    const from = performance.now();
    const said = (): Line | undefined =>
      linesIn(output()).find(({ msg }) => msg?.startsWith('the event store can not be used'));
    await vi.waitFor(() => expect(said()).toBeDefined(), { timeout: 2_000, interval: 20 });
    expect(performance.now() - from).toBeLessThan(2_000);
    expect(said()?.error).toContain(reason);
    expect(output()).not.toMatch(/^ {4}at |"stack":/m);
    mustKeepSecret(output());
  };

  it('is told by a process as it is started, within two seconds', async () => {
    const { listening, output } = started(address(secure));
    await listening;
    await mustTell(output, 'name the file of the one that signed it with tlsCAFile=');
  });

  it.each([
    [
      'a wrong password',
      () => address(secure, `&tlsCAFile=${files.ca}`, 'admin:wrong'),
      'check the user in its connection',
    ],
    [
      'no user',
      () => `esdb://127.0.0.1:${secure?.port}?tlsCAFile=${files.ca}`,
      'check the user in its connection string',
    ],
    [
      'another authority',
      () => address(secure, `&tlsCAFile=${files.other}`),
      'not signed by the authority in tlsCAFile',
    ],
    ['a name of another', () => address(named, `&tlsCAFile=${files.elsewhere}`), 'certificate is not for 127.0.0.1'],
    ['an old certificate', () => address(old, `&tlsCAFile=${files.expired}`), 'its certificate has expired'],
    [
      'TLS and plain text',
      () => address(secure).replace('tls=true', 'tls=false'),
      'it speaks TLS; leave out tls=false',
    ],
    ['plain text and TLS', () => address(plain), 'it does not speak TLS; add tls=false'],
    [
      'a cluster that speaks TLS, in plain text',
      () => address(secure).replace('tls=true', 'tls=false').replace('esdb', 'esdb+discover'),
      'it speaks TLS; leave out tls=false',
    ],
  ])('for %s is told within two seconds, with what to do and without a stack trace', async (_, url, reason) => {
    const output = await opening?.over(url());
    await mustTell(output ?? (() => ''), reason);
  });
});

/** For each option what is right and what is wrong, and what is said of that. */
const cases: Readonly<Record<string, readonly [right: string, wrong: string, said: string]>> = {
  connectionName: ['a%26b', '%zz', 'begins no percent-encoded character'],
  defaultDeadline: ['1500', '0', 'has to be a whole number from 1 on'],
  discoveryInterval: ['100', 'soon', 'has to be a whole number from 0 on'],
  gossipTimeout: ['5', '1.5', 'has to be a whole number from 1 on'],
  keepAliveInterval: ['10000', '-2', 'has to be a whole number from -1 on'],
  keepAliveTimeout: ['10000', 'x', 'has to be a whole number from -1 on'],
  maxDiscoverAttempts: ['3', '', 'has no value'],
  nodePreference: ['leader', 'none', 'has to be one of leader, follower'],
  throwOnAppendFailure: ['true', 'yes', 'has to be true or false'],
  tls: ['true', '1', 'has to be true or false'],
  tlsCAFile: [files.ca, '/nowhere/ca.pem', 'names /nowhere/ca.pem, which can not be read'],
  userCertFile: [`${files.other}&userKeyFile=${files.key}`, files.key, 'userCertFile and userKeyFile have to be given'],
  userKeyFile: [`${files.key}&userCertFile=${files.other}`, '/nowhere/key.pem', 'have to be given together'],
};

/** What the settings say of a connection string that can't be used: all that a process says then. */
const problemOf = (eventStore: string): string => {
  try {
    parseConfig({ LEADFOLD_ADMIN_KEY: adminKey, EVENT_STORE: eventStore });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`The settings take ${eventStore}`);
};

describe('A connection string', () => {
  it('is tried here with each of its options', () => {
    expect(Object.keys(cases)).toEqual([...optionNames]);
  });

  it('with every option right starts, and no library tells its password', async () => {
    const options = Object.entries(cases).map(([name, [right]]) => `&${name}=${right}`);
    const server = started(address(secure, options.join('')), verbose);
    await server.listening;
    await vi.waitFor(() => expect(secure?.open('subscribe')).toBeGreaterThan(0), { timeout: 10_000 });
    server.child.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
    expect(server.output()).toContain('esdb:connection');
    mustKeepSecret(server.output());
  });

  it.each<[string, string]>([
    ...Object.entries(cases).map(([name, [, wrong, said]]): [string, string] => [`${name}=${wrong}`, said]),
    ['tlsVerifyCert=false', 'its option tlsVerifyCert is not obeyed by the client'],
    ['tls_verify_cert=true', 'its option tlsVerifyCert is not obeyed by the client'],
    ['tlsVerifyCerts=false', 'there is no option tlsVerifyCerts'],
    [`tlsCAFile=${files.key}`, 'which has no certificate; give a PEM file'],
  ])('with %s is told in one line, without the password', async (option, said) => {
    const url = `esdb://admin:${password.encoded}@127.0.0.1:${secure?.port}?${option}`;
    const problem = problemOf(url);
    expect(problem).toContain(`EVENT_STORE: after "esdb:"`);
    expect(problem).toContain(said);
    mustKeepSecret(problem);
  });

  it.each([
    'esdb://admin:hunter/2:@x@127.0.0.1:2113',
    'esdb://admin:hunter:2@127.0.0.1:2113',
    'esdb://hunter@127.0.0.1:2113',
    'esdb://admin:hunter%2@127.0.0.1:2113',
    'esdb://admin:hunter@127.0.0.1:99999',
    'esdb://admin:hunter?2&x=y@127.0.0.1:2113',
    'esdb+discover://admin:hunter@127.0.0.1,:2113',
  ])('that can not be read is told without its password: %s', async (url) => {
    const problem = problemOf(url);
    expect(problem).toContain('EVENT_STORE: after "esdb');
    mustKeepSecret(problem);
  });

  it('that is wrong ends the process at once with what is said of it alone', async () => {
    const url = `esdb://admin:${password.encoded}@127.0.0.1:${secure?.port}?tls=1`;
    const { code, output } = await started(url, verbose).ended;
    expect(code).toBe(1);
    expect(output).toContain(problemOf(url));
    expect(output).not.toMatch(/^ {4}at /m);
    mustKeepSecret(output);
  });
});

describe('The URL of read models', () => {
  const urlWith = (option: string): string => `mongodb://admin:${password.encoded}@127.0.0.1:1/leadfold?${option}`;

  it('that is wrong ends the process with one line, without the password', async () => {
    const { code, output } = await started('', { ...verbose, READ_MODELS: urlWith('tls=maybe') }).ended;
    expect(code).toBe(1);
    expect(output).toContain('must be either "true" or "false"');
    expect(output).not.toMatch(/^ {4}at /m);
    mustKeepSecret(output);
  });

  it.each([
    ['noSuchOption=1', 'option nosuchoption is not supported'],
    ['tls=true&tlsCAFile=/nowhere/ca.pem', 'its option tlsCAFile names /nowhere/ca.pem, which is not there'],
    ['authMechanism=NONE', 'authMechanism one of'],
    ['proxyHost=a&proxyPassword=hunter', 'Can only specify both of proxy username/password'],
  ])('with %s is refused as a setting, without the password', async (option, said) => {
    const settings = settingsOver('', { READ_MODELS: urlWith(option), LOG_LEVEL: 'silent' });
    // What is a problem of settings ends a process with its message alone, as above.
    const problem = await (async () => openApp(parseConfig(settings)))().then(
      () => expect.fail('The settings are taken'),
      (error: unknown) => error,
    );
    const { name, message } = problem as Error;
    expect(['ConfigError', 'ReadModelsUnavailable']).toContain(name);
    expect(message.toLowerCase()).toContain(said.toLowerCase());
    mustKeepSecret(message);
  });
});
