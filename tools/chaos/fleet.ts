import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { started } from '../../bench/support/processes.ts';
import { freePort, startProduct } from '../../bench/support/product.ts';
import type { TcpProxy } from '../../tests/support/tcp-proxy.ts';
import { openTcpProxy } from '../../tests/support/tcp-proxy.ts';
import { ask, bodyOf } from '../support/http.ts';
import type { Target } from '../support/target.ts';
import type { Ground } from './case.ts';
import { must } from './case.ts';
import type { Project } from './project.ts';
import { projectAt } from './project.ts';

const health = z.object({
  status: z.enum(['healthy', 'degraded']),
  components: z.array(z.object({ name: z.string(), state: z.string() })),
});
const line = z.object({ level: z.int(), msg: z.string(), error: z.unknown().optional() });
/** A line of the log. */
export type Line = z.infer<typeof line>;

/** A process of a fleet. */
export type Member = {
  readonly url: string;
  readonly target: () => Target;
  readonly project: () => Promise<Project>;
  /** Whether it says that all of it is well. */
  readonly isWell: () => Promise<boolean>;
  /** How many readers of the log it runs itself. */
  readonly running: () => Promise<number>;
  /** The warnings and errors that it logged so far. */
  readonly warnings: () => readonly Line[];
  /** Ends it as a power cut would. */
  readonly kill: () => Promise<void>;
};

/** Processes that share servers, each of those behind a proxy. */
export type Fleet = {
  readonly events: TcpProxy;
  readonly documents: TcpProxy;
  readonly start: (role: 'all' | 'api' | 'worker') => Promise<Member>;
};

const key = 'The-root-key-of-a-fleet-0123456789-abcdef';

const listens = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};

/** Starts a stand-in for a server of data in a process of its own, with a proxy before it. */
const standIn = async (file: string, { after }: Ground): Promise<TcpProxy> => {
  const port = await freePort();
  const server = started(`tests/support/${file}`, { args: [String(port)] });
  after(() => server.end('SIGKILL'));
  while (!(await listens(port))) await sleep(20);
  return behind(port, '127.0.0.1', after);
};

const behind = async (port: number, host: string, after: Ground['after']): Promise<TcpProxy> => {
  const proxy = await openTcpProxy(port, host);
  after(() => proxy[Symbol.asyncDispose]());
  return proxy;
};

/** The EventStoreDB that EVENTSTOREDB_URL names, which is spoken to in plain text, or a stand-in for one. */
const eventStore = async (ground: Ground): Promise<TcpProxy> => {
  const real = /^esdb:\/\/([^:/?]+):(\d+)\/?\?.*tls=false/.exec(process.env['EVENTSTOREDB_URL'] ?? '');
  const [, host, port] = real ?? [];
  return host === undefined
    ? standIn('eventstoredb-standin-process.ts', ground)
    : behind(Number(port), host, ground.after);
};

const linesIn = (output: string): readonly Line[] =>
  output.split('\n').flatMap((text) => (text.startsWith('{') ? [line.parse(JSON.parse(text))] : []));

/** Opens servers for processes to share. What is started ends when the case is over. */
export const openFleet = async (ground: Ground): Promise<Fleet> => {
  const [events, documents] = [await eventStore(ground), await standIn('mongodb-standin-process.ts', ground)];
  const stores = {
    EVENT_STORE: `esdb://127.0.0.1:${events.port}?tls=false`,
    READ_MODELS: `mongodb://127.0.0.1:${documents.port}/leadfold`,
    LEADFOLD_MASTER_KEY: randomBytes(32).toString('base64'),
  };

  const launch: Fleet['start'] = async (role) => {
    const said = { output: '' };
    const product = await startProduct({
      dataDir: ground.folder(),
      env: { LOG_LEVEL: 'warn', LEADFOLD_ADMIN_KEY: key, LEADFOLD_ROLE: role, ...stores },
      onOutput: (text) => void (said.output += text),
      hasStarted: async (url) => (await fetch(`${url}/livez`)).ok,
    }).catch((error: unknown) => {
      throw new Error(`A process of role ${role} did not start: ${said.output.slice(-800)}`, { cause: error });
    });
    const { url } = product;
    ground.after(() => product.process.end('SIGKILL'));
    const look = async () => {
      const { status, body } = await ask(`${url}/api/health`, { key });
      const { data } = health.safeParse(body);
      return { isWell: status === 200 && data?.status === 'healthy', components: data?.components ?? [] };
    };
    return {
      url,
      target: () => ({ url, key, own: true, stop: product.stop }),
      project: async () => {
        const made = z.object({ projectId: z.string(), apiKey: z.string() });
        const answer = await ask(`${url}/api/projects`, { key, body: { name: 'Chaos' } });
        const { projectId, apiKey } = bodyOf(answer, 201, made);
        return projectAt(() => url, projectId, apiKey);
      },
      isWell: async () => (await look()).isWell,
      running: async () => {
        const { components } = await look();
        const readers = components.filter(({ name }) => name.startsWith('subscription:'));
        return readers.filter(({ state }) => ['live', 'catching-up'].includes(state)).length;
      },
      warnings: () => linesIn(said.output),
      kill: () => product.process.end('SIGKILL'),
    };
  };
  // As whoever supervises it does: on a machine that is busy a process may not find its stores in time.
  const start: Fleet['start'] = (role) => launch(role).catch(() => launch(role));
  return { events, documents, start };
};

/** How often it is looked, in ms: each look at the health of a process costs it some ms of its own. */
const lookEvery = 100;

/** Looks until it is so, and says how many ms that took. Throws `Broken` with what should be when it takes too long, in ms. */
export const until = async (what: string, isSo: () => Promise<boolean>, patience = 60_000): Promise<number> => {
  const begun = performance.now();
  while (!(await isSo())) {
    must(performance.now() - begun < patience, `Not after ${patience / 1_000} s: ${what}`);
    await sleep(lookEvery);
  }
  return performance.now() - begun;
};
