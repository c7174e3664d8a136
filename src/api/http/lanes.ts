import type { FastifyRequest } from 'fastify';
import { projectOf } from './auth.ts';
import { Problem } from './problems.ts';

/** How much long work on single leads runs at a time, and waits in line for a project. */
export const laneLimits = {
  /** How many run for one project. */
  running: 2,
  /** How many run for all projects. */
  runningInAll: 4,
  /** How many of one project wait. */
  waiting: 100,
} as const;

/** How soon who was turned away may come again, in seconds. */
const again = 5;

/**
 * Does long work for a project when it is its turn, and gives what it gives. Throws a `Problem` when too many wait already.
 * Who does not want it any more by then (`wanted`) is passed over.
 */
export type Lanes = <T>(projectId: string, work: () => Promise<T>, wanted?: () => boolean) => Promise<T>;

type Waiting = { readonly begin: () => void; readonly wanted: () => boolean; readonly leave: () => void };

/**
 * Lanes for work that takes long, such as folding all facts of a long lead: two at a time of one project, a few in all, the
 * others in line. Places that get free go around among the projects that wait, so that none waits for all that another has
 * asked for.
 */
export const lanesPerProject = ({
  running: most,
  runningInAll,
  waiting: room,
}: Readonly<Record<keyof typeof laneLimits, number>> = laneLimits): Lanes => {
  const running = new Map<string, number>();
  // In the order of their turns: the project that was served last comes last.
  const lines = new Map<string, Waiting[]>();
  let inAll = 0;

  const of = (projectId: string): number => running.get(projectId) ?? 0;

  const next = (): [string, Waiting] | undefined => {
    if (inAll >= runningInAll) return undefined;
    for (const [projectId, line] of lines) {
      if (of(projectId) >= most) continue;
      const first = line.shift();
      lines.delete(projectId);
      if (line.length > 0) lines.set(projectId, line);
      if (first) return [projectId, first];
    }
    return undefined;
  };

  const admit = (): void => {
    for (let found = next(); found; found = next()) {
      const [projectId, waiting] = found;
      if (!waiting.wanted()) {
        waiting.leave();
        continue;
      }
      inAll += 1;
      running.set(projectId, of(projectId) + 1);
      waiting.begin();
    }
  };

  const end = (projectId: string): void => {
    inAll -= 1;
    const left = of(projectId) - 1;
    if (left > 0) running.set(projectId, left);
    else running.delete(projectId);
    admit();
  };

  return async (projectId, work, wanted = () => true) => {
    const line = lines.get(projectId) ?? [];
    if (line.length >= room) {
      const detail = `${room} requests of this kind wait for the project already; send it again later, one after the other`;
      throw new Problem('too-many-requests', detail, { headers: { 'Retry-After': String(again) } });
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => reject(new Problem('request-timeout', 'The client went away before it was its turn'));
      line.push({ begin: resolve, wanted, leave });
      lines.set(projectId, line);
      admit();
    });
    try {
      return await work();
    } finally {
      end(projectId);
    }
  };
};

/** Does long work for a request, in the lanes of the project that it is about. */
export const inLane = <T>(
  { lanes }: { readonly lanes: Lanes },
  request: FastifyRequest,
  work: () => Promise<T>,
): Promise<T> => lanes(projectOf(request), work, () => !request.raw.socket.destroyed);
