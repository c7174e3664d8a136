import { z } from 'zod';
import type { RejectEvent, RejectSummary, WayIn } from '../domain/sources/reject.ts';
import { refusedAgain, rejectLimits, summaryOf, waysIn } from '../domain/sources/reject.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

export const rejectStatus = z.enum(['open', 'replayed', 'discarded']);

const rejectDocument = z.object({
  projectId: z.string(),
  rejectId: z.string(),
  via: z.enum(waysIn),
  sourceId: z.string().optional(),
  code: z.string(),
  detail: z.string(),
  pointer: z.string().optional(),
  bytes: z.number(),
  receivedAt: z.string(),
  status: rejectStatus,
  /** From when on it is told of no more, ISO 8601; in the last year there is while it is open. */
  goesAt: z.string(),
});
export type RejectDocument = Readonly<z.infer<typeof rejectDocument>>;

const told = (summary: RejectSummary, projectId: string, status: RejectDocument['status']): RejectDocument => ({
  projectId,
  ...summaryOf(summary),
  status,
  goesAt: never,
});

/** Later than any time that comes. */
const never = '9999-12-31T23:59:59.999Z';

const goesAt = (settledAt: string): string => new Date(Date.parse(settledAt) + rejectLimits.toldForMs).toISOString();

const projectOf = (stream: string): string => streamParts('reject', stream)?.projectId ?? '';

const evolve = (
  doc: RejectDocument | undefined,
  { type, data, stream }: Recorded<RejectEvent>,
): RejectDocument | undefined => {
  switch (type) {
    case 'RejectKept':
      return told(data, projectOf(stream), 'open');
    case 'ReplayBegun':
      return doc;
    case 'ReplayRefused':
      return doc && refusedAgain(doc, data);
    case 'RejectReplayed':
      return { ...told(data, projectOf(stream), 'replayed'), goesAt: goesAt(data.at) };
    case 'RejectDiscarded':
      return { ...told(data, projectOf(stream), 'discarded'), goesAt: goesAt(data.at) };
    case 'RejectDropped':
      return undefined;
  }
};

/** What was refused on the ways in, of all projects, without what was sent. */
export const rejects: Projection<RejectDocument, RejectEvent> = {
  name: 'rejects',
  streams: [streamsOf('reject')],
  types: ['RejectKept', 'ReplayRefused', 'RejectReplayed', 'RejectDiscarded', 'RejectDropped'],
  document: rejectDocument,
  indexes: [
    ['projectId', 'receivedAt'],
    ['projectId', 'status', 'receivedAt'],
    ['projectId', 'sourceId', 'receivedAt'],
    ['projectId', 'code', 'receivedAt'],
    ['projectId', 'via', 'status', 'receivedAt'],
    ['goesAt'],
  ],
  keys: ({ stream }) => {
    const parts = streamParts('reject', stream);
    return parts ? [{ project: allProjects, id: `${parts.projectId}.${parts.id}` }] : [];
  },
  evolve,
};

const wayTotals = z.object({ open: z.number(), bytes: z.number() });
const totalsDocument = z.object({
  projectId: z.string(),
  ways: z.partialRecord(z.enum(waysIn), wayTotals),
  /** How many open ones went to make room, ever. */
  dropped: z.number(),
  /** 1 while more are open than there is room for, else 0. */
  full: z.number(),
});
export type RejectTotals = Readonly<z.infer<typeof totalsDocument>>;

const none = { open: 0, bytes: 0 };

/** How much of a way in is kept, or has to go. */
type Amount = { readonly open: number; readonly bytes: number };

const isMore = (one: Amount, than: Amount): boolean => one.open > than.open || one.bytes > than.bytes;

const times = ({ open, bytes }: Amount, factor: number): Amount => ({ open: open * factor, bytes: bytes * factor });

/** So much of what there is room for is left when some has to go, so that not each new one is followed by a search. */
const left = 0.98;

/** How much of the open rejects of a project has to go, the oldest first: of each way in that has more than its half, else of the fullest. */
export const excessOf = ({ ways }: Pick<RejectTotals, 'ways'>): readonly (Amount & { readonly way: WayIn })[] => {
  const most: Amount = rejectLimits;
  const half = times(most, rejectLimits.aWay);
  const kept = waysIn.map((way) => ({ way, ...(ways[way] ?? none) }));
  const all = kept.reduce<Amount>(
    (sum, { open, bytes }) => ({ open: sum.open + open, bytes: sum.bytes + bytes }),
    none,
  );
  const beyond = (amount: Amount, limit: Amount): Amount => ({
    open: amount.open - limit.open * left,
    bytes: amount.bytes - limit.bytes * left,
  });
  const tooFull = kept.filter((each) => isMore(each, half));
  if (tooFull.length > 0 || !isMore(all, most))
    return tooFull.map((each) => ({ way: each.way, ...beyond(each, half) }));
  const by = all.open > most.open ? 'open' : 'bytes';
  const [fullest] = kept.toSorted((one, other) => other[by] - one[by]);
  return fullest ? [{ way: fullest.way, ...beyond(all, most) }] : [];
};

const changed = (
  { projectId, ways, dropped }: RejectTotals,
  { via, bytes }: Pick<RejectSummary, 'via' | 'bytes'>,
  by: 1 | -1,
  went: number,
): RejectTotals => {
  const { open, bytes: held } = ways[via] ?? none;
  const after = { ...ways, [via]: { open: open + by, bytes: held + by * bytes } };
  const full = excessOf({ ways: after }).length > 0 ? 1 : 0;
  return { projectId, ways: after, dropped: dropped + went, full };
};

/** How much of what was refused is kept for each project. */
export const rejectTotals: Projection<RejectTotals, RejectEvent> = {
  name: 'reject-totals',
  streams: [streamsOf('reject')],
  types: ['RejectKept', 'RejectReplayed', 'RejectDiscarded', 'RejectDropped'],
  document: totalsDocument,
  indexes: [['full']],
  keys: ({ stream }) => {
    const parts = streamParts('reject', stream);
    return parts ? [{ project: allProjects, id: parts.projectId }] : [];
  },
  evolve: (doc, event) => {
    const before = doc ?? { projectId: projectOf(event.stream), ways: {}, dropped: 0, full: 0 };
    if (event.type === 'RejectKept') return changed(before, event.data, 1, 0);
    if (event.type === 'ReplayRefused' || event.type === 'ReplayBegun') return before;
    if (event.type === 'RejectDropped' && !event.data.wasOpen) return before;
    return changed(before, event.data, -1, event.type === 'RejectDropped' ? 1 : 0);
  },
};
