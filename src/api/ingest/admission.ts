import type { FastifyRequest } from 'fastify';
import type { App } from '../http/app.ts';
import { nobody } from '../http/caller.ts';
import { Problem } from '../http/problems.ts';
import { header } from '../http/request.ts';
import { bodyLimits } from '../http/body.ts';
import type { Place } from './share.ts';
import { sharing } from './share.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What is known of a request that records, when its body is there. */
    admitted: Known | undefined;
  }
}

const MiB = 1024 * 1024;

/** What of a process one project, and all of them, may have at a time to record. Sizes are in bytes, of bodies as unpacked text. */
export const admissionLimits = {
  /** Up to this size a body is small, and never waits for larger ones. */
  small: 64 * 1024,
  /**
   * What of one project is on its way here. What comes packed, or doesn't say how large it is, counts as the largest body. In
   * this there is no line: who is slow to send would hold up the others.
   */
  arriving: 256 * MiB,
  /** Larger bodies, as they are worked on. */
  large: { ofProject: { bodies: 4, bytes: 8 * MiB }, ofAll: { bodies: 16, bytes: 24 * MiB }, waiting: 24 * MiB },
  /** Small bodies. */
  smalls: { ofProject: { bodies: 2_000, bytes: 4 * MiB }, ofAll: { bodies: 8_000, bytes: 16 * MiB }, waiting: 8 * MiB },
} as const;

const tooMany = (what: string): Problem =>
  new Problem('too-many-requests', `${what}; send it again in a second, and fewer at a time`, {
    headers: { 'Retry-After': '1' },
  });

/** What is known of a request on its way: its size, when it is there, and its place. */
type Known = { bytes: number; place?: Place };

/**
 * Sends somebody away or lets him in; called with the size of a body when it is there and before it is parsed. Without a promise
 * there is nothing to wait for.
 */
export type Admit = (request: FastifyRequest, bytes: number) => Promise<void> | undefined;

/** The most that a body may come to, by what its headers say. */
const expectedBytes = (request: FastifyRequest): number => {
  const packed = (header(request, 'content-encoding') ?? 'identity') !== 'identity';
  const length = header(request, 'content-length');
  return packed || length === undefined ? bodyLimits.bytes : Math.min(bodyLimits.bytes, Number(length));
};

/** Counts what is on its way. It leaves when it is there, was refused, or its connection ended. */
const arrivals = () => {
  const arriving = new Map<string, number>();
  const leaving = new WeakMap<FastifyRequest, () => void>();
  return {
    enter: (request: FastifyRequest, projectId: string, bytes: number): void => {
      const before = arriving.get(projectId) ?? 0;
      if (before + bytes > admissionLimits.arriving)
        throw tooMany(`The project has ${Math.round(before / MiB)} MiB of activities on their way`);
      arriving.set(projectId, before + bytes);
      const { socket } = request.raw;
      const leave = (): void => {
        socket.off('close', leave);
        leaving.delete(request);
        const left = (arriving.get(projectId) ?? 0) - bytes;
        if (left > 0) arriving.set(projectId, left);
        else arriving.delete(projectId);
      };
      socket.once('close', leave);
      leaving.set(request, leave);
    },
    leave: (request: FastifyRequest): void => leaving.get(request)?.(),
  };
};

/**
 * Lets in requests that record, so many of a project at a time that others have room and memory is enough; the next wait, and who
 * comes when too many wait is told to come again (429).
 */
export const admission = (scope: App): Admit => {
  const [large, small] = [sharing(admissionLimits.large), sharing(admissionLimits.smalls)];
  const arriving = arrivals();

  const turn = async ({ raw: { socket } }: FastifyRequest, { taken, leave }: Place): Promise<void> => {
    socket.once('close', leave);
    const has = await taken;
    socket.off('close', leave);
    if (!has) throw new Problem('request-timeout', 'The connection ended before it was its turn');
  };

  const take = (request: FastifyRequest, projectId: string, mine: Known): Promise<void> | undefined => {
    const place = (mine.bytes > admissionLimits.small ? large : small)(projectId, mine.bytes);
    if (!place) throw tooMany('Too many activities of the project wait to be recorded');
    mine.place = place;
    return place.taken === true ? undefined : turn(request, place);
  };

  scope.decorateRequest('admitted');
  scope.addHook('onRequest', (request, _reply, done) => {
    const { projectId } = request.caller;
    const bytes = expectedBytes(request);
    if (projectId !== undefined && bytes > admissionLimits.small) arriving.enter(request, projectId, bytes);
    done();
  });
  scope.addHook('preValidation', (request, _reply, done) => {
    // Whose key was in the body is known only now.
    const mine = request.admitted;
    const { projectId } = request.caller;
    const waits = mine && !mine.place && projectId !== undefined ? take(request, projectId, mine) : undefined;
    if (waits) waits.then(() => done(), done);
    else done();
  });
  scope.addHook('onSend', (request, _reply, payload, done) => {
    arriving.leave(request);
    request.admitted?.place?.leave();
    done(null, payload);
  });

  return (request, bytes) => {
    arriving.leave(request);
    const mine: Known = { bytes };
    request.admitted = mine;
    const { caller } = request;
    return caller !== nobody && caller.projectId !== undefined ? take(request, caller.projectId, mine) : undefined;
  };
};
