import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from '../http/answers.ts';
import type { App } from '../http/app.ts';
import { kinds } from '../http/problems.ts';
import type { Faulty } from './item.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Told of the items of a request that were refused, if any. */
    refused: (request: FastifyRequest, items: readonly Faulty[]) => void;
  }
}

/** For how long the log is silent about a reason after a line about it, in ms. */
export const silence = 60_000;

/** More reasons than this are not told apart in the log. */
const mostReasons = 200;

/** What was refused for one reason and is not in the log yet: how much by each way in, and the project that was last. */
type Untold = { ways: Record<string, number>; project: string | undefined };

type Log = { readonly warn: (what: object, message: string) => void };

/** Logs what is refused: a line at once, then, as long as there is more, one a minute for each reason that has the count of all. */
export const refusalLog = (log: Log) => {
  const waiting = new Map<string, { readonly untold: Untold; timer: NodeJS.Timeout }>();

  const tell = (reason: string, { ways, project }: Untold): boolean => {
    const count = Object.values(ways).reduce((sum, each) => sum + each, 0);
    if (count > 0) log.warn({ reason, count, ways, ...(project !== undefined && { project }) }, 'refused');
    return count > 0;
  };

  const wait = (reason: string): void => {
    const untold: Untold = { ways: {}, project: undefined };
    const end = (): void => {
      waiting.delete(reason);
      if (tell(reason, untold)) wait(reason);
    };
    waiting.set(reason, { untold, timer: setTimeout(end, silence).unref() });
  };

  return {
    add: (way: string, of: string, count: number, project: string | undefined): void => {
      const reason = waiting.has(of) || waiting.size < mostReasons ? of : 'other';
      const open = waiting.get(reason);
      if (open) {
        open.untold.ways[way] = (open.untold.ways[way] ?? 0) + count;
        open.untold.project = project;
        return;
      }
      tell(reason, { ways: { [way]: count }, project });
      wait(reason);
    },
    /** Tells what was not told yet. */
    close: (): void => {
      for (const [reason, { untold, timer }] of waiting) {
        clearTimeout(timer);
        tell(reason, untold);
      }
      waiting.clear();
    },
  };
};

/** Why an item was refused, by the field that is wrong first. All of them are written in the code, none by a sender. */
export const reasonOf = ({ reason, faults: [{ pointer }] }: Faulty): string =>
  reason ?? (pointer.slice(1) || 'unreadable');

/** Counts and logs what is refused on the ways in, items and whole requests. Nothing of what was sent is in it. */
export const watchRefusals = (scope: App, wayOf: (request: FastifyRequest) => string): void => {
  const log = refusalLog(scope.log);
  const told = new WeakSet<FastifyRequest>();

  const tell = (request: FastifyRequest, reason: string, count: number): void => {
    const way = wayOf(request);
    scope.instruments?.refusals.add(count, way, reason);
    log.add(way, reason, count, request.caller.projectId);
  };

  scope.decorate('refused', (request: FastifyRequest, items: readonly Faulty[]) => {
    if (items.length === 0) return;
    told.add(request);
    const counts = new Map<string, number>();
    for (const reason of items.map(reasonOf)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    for (const [reason, count] of counts) tell(request, reason, count);
  });
  scope.addHook('onError', (request: FastifyRequest, reply: FastifyReply, error: Error, done) => {
    const gone = reply.raw.destroyed && !request.raw.complete;
    const { code } = problemOf(error);
    if (!gone && !told.has(request) && kinds[code].status < 500) tell(request, code, 1);
    done();
  });
  scope.addHook('onClose', (_scope, done) => {
    log.close();
    done();
  });
};
