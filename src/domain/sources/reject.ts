import { v5 } from 'uuid';
import { z } from 'zod';
import type { Aggregate, EventsOf } from '../event.ts';
import { isoTime } from '../lead/activity.ts';
import { Rejection } from '../rejection.ts';

/** The ways by which items come in. */
export const waysIn = ['rest', 'batch', 'segment', 'cloudevents', 'webhook', 'import'] as const;
export type WayIn = (typeof waysIn)[number];

/**
 * How much is kept of what was refused: bytes of one body, so many of one request, and of a project as many open rejects and
 * bytes. Each way in has a half of that at most, as the keys of some are public. Those that were replayed or discarded are told
 * of for so many ms more. Whoever replays one has it for so many ms.
 */
export const rejectLimits = {
  bodyBytes: 64 * 1024,
  ofRequest: 1_000,
  open: 10_000,
  bytes: 64 * 1024 * 1024,
  aWay: 0.5,
  replayingForMs: 30_000,
  toldForMs: 30 * 24 * 3_600_000,
} as const;

/** What is known of a reject without what was sent. `bytes` are those of the body that is kept. */
const summary = z.strictObject({
  rejectId: z.string(),
  via: z.enum(waysIn),
  sourceId: z.string().optional(),
  code: z.string(),
  detail: z.string(),
  pointer: z.string().optional(),
  bytes: z.number().int(),
  receivedAt: isoTime,
});
export type RejectSummary = Readonly<z.infer<typeof summary>>;

/** What became of the items of a reject that was replayed. */
const results = z
  .array(
    z.strictObject({
      index: z.number().int(),
      status: z.enum(['queued', 'duplicate', 'rejected']),
      leadId: z.string().optional(),
    }),
  )
  .max(100);
export type ReplayResults = z.infer<typeof results>;

/**
 * The facts of what was refused on a way in, `reject-<projectId>.<rejectId>`. Those before the last one are forgotten when it is
 * settled: the first has what somebody sent. Shapes are forever.
 */
export const rejectEvents = {
  RejectKept: summary
    .extend({
      body: z.string().max(rejectLimits.bodyBytes),
      form: z.enum(['item', 'whole', 'text']),
      cut: z.literal(true).optional(),
      persons: z.array(z.string()).max(20).optional(),
    })
    .describe(
      'An item was refused, and kept. `body` is the item as JSON, or all of a webhook (`whole`), or what could not be read as it came (`text`); `cut` when more was sent than is kept. `persons` are SHA-256 of whom it names, so that it is found when one of them is erased.',
    ),
  ReplayRefused: z
    .strictObject({ code: z.string(), detail: z.string(), pointer: z.string().optional(), at: isoTime })
    .describe('It was tried again and refused again.'),
  ReplayBegun: z
    .strictObject({ saying: z.string(), until: isoTime, at: isoTime })
    .describe(
      'It is being recorded. `saying` is SHA-256 of what it is to say: until then it is replayed saying nothing else, and not discarded.',
    ),
  RejectReplayed: summary
    .extend({ status: z.enum(['queued', 'duplicate']), results, at: isoTime })
    .describe('It was recorded after all.'),
  RejectDiscarded: summary.extend({ at: isoTime }).describe('Nobody wants it.'),
  RejectDropped: summary
    .pick({ via: true, bytes: true })
    .extend({ reason: z.enum(['room', 'age']), wasOpen: z.boolean(), at: isoTime })
    .describe('It is not told of any more: there was no room for so many, or it was settled long ago.'),
} as const;
export type RejectEvent = EventsOf<typeof rejectEvents>;

/** What a reject is being recorded as, and until when nobody may record it otherwise. */
type Replaying = Pick<Extract<RejectEvent, { type: 'ReplayBegun' }>['data'], 'saying' | 'until'>;

export type RejectState =
  | { readonly status: 'unknown' | 'dropped'; readonly summary?: never }
  | { readonly status: 'open'; readonly summary: RejectSummary; readonly cut: boolean; readonly replaying?: Replaying }
  | { readonly status: 'replayed'; readonly summary: RejectSummary; readonly results: ReplayResults }
  | { readonly status: 'discarded'; readonly summary: RejectSummary };

/** What is known of a reject, out of whatever says it. */
export const summaryOf = ({
  rejectId,
  via,
  sourceId,
  code,
  detail,
  pointer,
  bytes,
  receivedAt,
}: RejectSummary): RejectSummary => ({
  rejectId,
  via,
  ...(sourceId !== undefined && { sourceId }),
  code,
  detail,
  ...(pointer !== undefined && { pointer }),
  bytes,
  receivedAt,
});

/** A reject that is refused once more, for another reason. */
export const refusedAgain = <S extends RejectSummary>(
  { pointer: _, ...before }: S,
  { code, detail, pointer }: Pick<RejectSummary, 'code' | 'detail' | 'pointer'>,
): Omit<S, 'pointer'> & Pick<RejectSummary, 'pointer'> => ({
  ...before,
  code,
  detail,
  ...(pointer !== undefined && { pointer }),
});

// A fact that settles it says all that is known, as those before it may be forgotten.
const evolve = (state: RejectState, event: RejectEvent): RejectState => {
  switch (event.type) {
    case 'RejectKept':
      return { status: 'open', summary: summaryOf(event.data), cut: event.data.cut ?? false };
    case 'ReplayRefused':
      return state.status === 'open' ? { ...state, summary: refusedAgain(state.summary, event.data) } : state;
    case 'ReplayBegun': {
      const { saying, until } = event.data;
      return state.status === 'open' ? { ...state, replaying: { saying, until } } : state;
    }
    case 'RejectReplayed':
      return { status: 'replayed', summary: summaryOf(event.data), results: event.data.results };
    case 'RejectDiscarded':
      return { status: 'discarded', summary: summaryOf(event.data) };
    case 'RejectDropped':
      return { status: 'dropped' };
  }
};

/** What was refused on a way in. What was sent is not in the state: `bodyOf` a stream's first fact has it. */
export const reject: Aggregate<RejectState, RejectEvent> = {
  name: 'reject',
  initial: { status: 'unknown' },
  evolve,
  measure: () => 1_000,
};

/** The namespace of ids of rejects. It is part of stream names, so it can never change. */
const rejectNamespace = 'c1b6e9d2-4a37-5d18-8f60-9e2b7a4c3d51';

/** The id of what was refused, by all that tells it from others. */
export const rejectIdOf = (...parts: readonly (string | number)[]): string =>
  v5(JSON.stringify(parts), rejectNamespace);

export const rejectStreamId = (projectId: string, rejectId: string): string => `${projectId}.${rejectId}`;

/** A reject that is told of. */
export type KeptReject = Exclude<RejectState, { readonly summary?: never }>;

const isKept = (state: RejectState): state is KeptReject => state.summary !== undefined;

/** The same state, of a reject that is told of. Throws a `Rejection` for another. */
export const mustBeKept = (state: RejectState, rejectId: string): KeptReject => {
  if (isKept(state)) return state;
  throw new Rejection('reject-unknown', `There is no reject ${rejectId.slice(0, 64)}, or it went to make room`);
};

/** What an open reject is being recorded as at a time; undefined when nobody does, or whoever did is gone. */
export const replayingAt = (state: RejectState, now: Date): Replaying | undefined => {
  const found = state.status === 'open' ? state.replaying : undefined;
  return found && found.until > now.toISOString() ? found : undefined;
};

/** Throws a `Rejection` while a reject is being recorded as something else than what it is to say, if that is given. */
export const mustNotBeReplaying = (state: RejectState, rejectId: string, now: Date, saying?: string): void => {
  const found = replayingAt(state, now);
  if (!found || found.saying === saying) return;
  throw new Rejection('reject-replaying', `Reject ${rejectId} is being replayed; look at it again in some seconds`);
};
