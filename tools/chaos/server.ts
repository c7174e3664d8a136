import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Product } from '../../bench/support/product.ts';
import { startProduct } from '../../bench/support/product.ts';
import { must } from './case.ts';
import type { Answer, Call } from '../support/http.ts';
import { ask, bodyOf } from '../support/http.ts';
import type { Target } from '../support/target.ts';
import type { Files } from './log.ts';
import { filesIn } from './log.ts';
import type { Project } from './project.ts';
import { projectAt } from './project.ts';

/** How long a server may take to have everything again, in ms. */
const patience = 90_000;

const health = z.object({
  status: z.enum(['healthy', 'degraded']),
  components: z.array(z.object({ name: z.string(), state: z.string(), lag: z.number().optional() })),
});

/** A server process over a folder, which can be killed and started again. */
export type Server = {
  readonly dataDir: string;
  readonly files: Files;
  readonly url: () => string;
  /** Where it is now, and its root key. */
  readonly target: () => Target;
  /** Asks with the root key. */
  readonly root: (path: string, call?: Omit<Call, 'key'>) => Promise<Answer>;
  readonly project: () => Promise<Project>;
  /** How much memory the process has in RAM, in MB of a million bytes. */
  readonly memory: () => Promise<number>;
  /** Ends it as a power cut would (SIGKILL), and resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it again over the same folder; resolves when everything in the log is handled, with the ms that took. */
  readonly recover: () => Promise<number>;
  /** Resolves when nothing in the log waits for a projection or a reactor, nobody writes and health is well. */
  readonly settled: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

type Starting = { readonly dataDir: string; readonly env?: Readonly<Record<string, string>> };

/** Starts the service as `npm start` does, over a folder. */
export const startServer = async ({ dataDir, env = {} }: Starting): Promise<Server> => {
  // Started is who answers at all: what is never well again must be told, and not waited for.
  const hasStarted = async (at: string): Promise<boolean> => (await fetch(`${at}/livez`)).ok;
  const launch = (): Promise<Product> => startProduct({ dataDir, env: { LOG_LEVEL: 'silent', ...env }, hasStarted });
  const running = { product: await launch() };
  const url = (): string => running.product.url;
  const files = filesIn(dataDir);
  const root: Server['root'] = (path, call) => ask(`${url()}${path}`, { ...call, key: running.product.adminKey });

  const settled = async (): Promise<void> => {
    const end = performance.now() + patience;
    for (let before = -1, said = 'nothing'; ;) {
      must(performance.now() < end, `It is not well ${patience / 1_000} s after the trouble: ${said}`);
      const head = files.head();
      const { status, body } = await root('/api/health');
      const { data } = health.safeParse(body);
      if (status === 200 && head === before && data?.components.every(({ lag = 0 }) => lag === 0)) return;
      [before, said] = [head, JSON.stringify(body)];
      await sleep(20);
    }
  };
  return {
    dataDir,
    files,
    url,
    root,
    settled,
    target: () => ({ url: url(), key: running.product.adminKey, own: true, stop: running.product.stop }),
    project: async () => {
      const made = z.object({ projectId: z.string(), apiKey: z.string() });
      const { projectId, apiKey } = bodyOf(await root('/api/projects', { body: { name: 'Chaos' } }), 201, made);
      return projectAt(url, projectId, apiKey);
    },
    memory: () => running.product.memory(),
    kill: () => running.product.process.end('SIGKILL'),
    recover: async () => {
      const begun = performance.now();
      running.product = await launch();
      await settled();
      return performance.now() - begun;
    },
    stop: () => running.product.stop(),
  };
};
