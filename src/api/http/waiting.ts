import type { FastifyRequest } from 'fastify';
import type { App } from './app.ts';
import { Problem } from './problems.ts';
import { header } from './request.ts';
import type { Waiting, ApiContext } from './context.ts';

/** How many reads may wait for the read models at once, of one project and of all, and how long each does, in ms. */
export const waits = { ofProject: 100, ofAll: 1_000, patience: 2_000 } as const;

/** How long the read models are believed to be where they were found, in ms: they only go back when somebody deletes them. */
const believedFor = 1_000;

const soon = { 'Retry-After': '1' } as const;

const crowded = (own: number): Problem =>
  new Problem(
    'not-there-yet',
    own < waits.ofProject
      ? `${waits.ofAll} reads wait for the read models already; ask again`
      : `${waits.ofProject} reads of this project wait for the read models already; ask again`,
    { headers: soon },
  );

/**
 * The same world, in which only so many wait for the read models. Who comes when that many do is refused at once, with a
 * `Problem`; who asks for what the read models have does not wait, and is never refused for those who do.
 */
export const withBoundedWaits = (api: ApiContext): ApiContext => {
  const waiting = new Map<string, number>();
  const state = { all: 0, found: 0, until: 0 };
  const leave = (whose: string): void => {
    const left = (waiting.get(whose) ?? 1) - 1;
    state.all--;
    if (left > 0) waiting.set(whose, left);
    else waiting.delete(whose);
  };
  const reached: ApiContext['reached'] = async (position, signal, read = {}) => {
    if (position <= state.found && performance.now() < state.until) return;
    const { projectId: whose = '', only } = read;
    const own = waiting.get(whose) ?? 0;
    if (own >= waits.ofProject || state.all >= waits.ofAll) throw crowded(own);
    waiting.set(whose, own + 1);
    state.all++;
    try {
      await api.reached(position, signal, read);
      // What some have come to says nothing of the others.
      if (only) return;
      const now = performance.now();
      if (position < state.found && now < state.until) return;
      state.found = position;
      state.until = now + believedFor;
    } finally {
      leave(whose);
    }
  };
  return { ...api, reached };
};

/**
 * Resolves when the read models have everything up to a position that a read waits for. Throws a `Problem` when that takes more
 * than 2 s, or when too many wait already.
 */
export const untilReached = async ({ reached }: ApiContext, position: number, read?: Waiting): Promise<void> => {
  const signal = AbortSignal.timeout(waits.patience);
  try {
    await reached(position, signal, read);
  } catch (error) {
    if (!signal.aborted) throw error;
    const detail = `They are not at position ${position} after ${waits.patience / 1_000} s; ask again`;
    throw new Problem('not-there-yet', detail, { headers: soon, cause: error });
  }
};

const awaitPosition = async (
  value: string,
  { caller, routeOptions }: FastifyRequest,
  api: ApiContext,
): Promise<void> => {
  if (!/^\d{1,15}$/.test(value)) {
    throw new Problem('invalid-header', 'Leadfold-After-Position takes the Leadfold-Position of an answer');
  }
  return untilReached(api, Number(value), { projectId: caller.projectId, only: routeOptions.config.reads });
};

/** Reads can wait for a write. Where no key is asked for nobody waits: it would be free, and nothing there is anybody's write. */
export const waitingReads = (app: App, api: ApiContext): void => {
  app.addHook('preHandler', (request, _reply, done) => {
    const value = header(request, 'leadfold-after-position');
    const mayWait = ['GET', 'HEAD'].includes(request.method) && !request.routeOptions.config.public;
    if (value === undefined || !mayWait) return done();
    awaitPosition(value, request, api).then(() => done(), done);
  });
};
