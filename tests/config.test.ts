import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, environment, parseConfig } from '../src/config.ts';

const STRONG = '7b1f0c93d2a84e65b0f7a6c1e8d94f23';

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
      eventStore: { scheme: 'sqlite', path: './data/events.db' },
      readModels: { scheme: 'sqlite', path: './data/read-models.db' },
      logLevel: 'info',
    });
  });

  it('keep both stores in the data folder, wherever it is', () => {
    const { eventStore, readModels } = parseConfig({ DATA_DIR: '/srv/leadfold/' });
    expect([eventStore.path, readModels.path]).toEqual(['/srv/leadfold/events.db', '/srv/leadfold/read-models.db']);
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
      EVENT_STORE: 'sqlite:/b/e.db',
      READ_MODELS: 'sqlite:/c/r.db',
      LEADFOLD_ADMIN_KEY: STRONG,
      LOG_LEVEL: 'silent',
    };
    expect(Object.keys(env)).toEqual(Object.keys(environment.shape));
    expect(parseConfig(env)).toEqual({
      port: 0,
      host: '0.0.0.0',
      dataDir: '/a',
      eventStore: { scheme: 'sqlite', path: '/b/e.db' },
      readModels: { scheme: 'sqlite', path: '/c/r.db' },
      adminKey: STRONG,
      logLevel: 'silent',
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
    ['READ_MODELS', 'sqlite:data/../data/events.db', 'READ_MODELS: is the file of EVENT_STORE'],
  ])('%s can not be %s', (name, value, problem) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(problem)]);
  });

  it('that is a connection string is never repeated in the message', () => {
    const problems = problemsOf({ EVENT_STORE: 'redis://root:hunter2@db' });
    expect(problems).toEqual([expect.stringContaining('EVENT_STORE: the scheme "redis:" is not supported')]);
    expect(problems.join()).not.toContain('hunter2');
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
    const { href } = new URL('../src/config.ts', import.meta.url);
    const script = `import { loadConfig } from '${href}'; console.log(JSON.stringify(loadConfig()));`;
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
    const output = execFileSync(process.execPath, args, { cwd, env: { PORT: '4002' }, encoding: 'utf8' });
    expect(JSON.parse(output)).toMatchObject({ port: 4002, host: '0.0.0.0' });
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

describe('.env.example', () => {
  const text = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
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
    expect(lines.filter(({ value }) => value === '').map(({ name }) => name)).toEqual(['LEADFOLD_ADMIN_KEY']);
  });
});
