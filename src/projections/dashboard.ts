import { z } from 'zod';
import type { LeadEvent } from '../domain/lead/lead-events.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';

export const units = ['minute', 'hour', 'day'] as const;
export type Unit = (typeof units)[number];

const counts = z.object({
  unit: z.enum(['total', ...units]),
  /** When the minute, hour or day began, ISO 8601; empty for the total. */
  at: z.string(),
  leads: z.number(),
  activities: z.number(),
  merged: z.number(),
  /** Crossings of the qualification threshold upward. */
  qualifications: z.number(),
  /** How many leads are in each stage; only the total has them. */
  stages: z.record(z.string(), z.number()),
});
export type Counts = Readonly<z.infer<typeof counts>>;

const lengths: Readonly<Record<Unit, number>> = { minute: 16, hour: 13, day: 10 };

const startIn = (unit: Unit, iso: string): string =>
  iso.slice(0, lengths[unit]) + '0000-01-01T00:00:00.000Z'.slice(lengths[unit]);

/** The beginning of the minute, hour or day (UTC) that a time is in. */
export const startOf = (unit: Unit, time: Date): string => startIn(unit, time.toISOString());

export const totalId = 'total';

// A stage may be called what every object has anyway, such as "constructor".
const changed = (stages: Counts['stages'], stage: string | undefined, by: number): Counts['stages'] => {
  if (stage === undefined) return stages;
  const before = Object.hasOwn(stages, stage) ? stages[stage] : undefined;
  return { ...stages, [stage]: (before ?? 0) + by };
};

const moved = (stages: Counts['stages'], from: string | undefined, to: string | undefined): Counts['stages'] =>
  changed(changed(stages, from, -1), to, 1);

const counted = (doc: Counts, { type, data }: LeadEvent): Counts => {
  switch (type) {
    case 'LeadCaptured':
      return { ...doc, leads: doc.leads + 1, stages: moved(doc.stages, undefined, data.stage) };
    case 'LeadMerged':
      // A linked identifier has no stage: it never was a lead.
      if (data.stage === undefined) return doc;
      return { ...doc, merged: doc.merged + 1, stages: moved(doc.stages, data.stage, undefined) };
    case 'ActivityRecorded':
      return { ...doc, activities: doc.activities + 1 };
    case 'LeadAbsorbed':
      // Both leads had recorded these; the person did them once.
      return { ...doc, activities: doc.activities - data.known.length };
    case 'StageChanged':
      return { ...doc, stages: moved(doc.stages, data.from, data.to) };
    case 'LeadQualified':
      return { ...doc, qualifications: doc.qualifications + 1 };
    default:
      return doc;
  }
};

const of = new Set<LeadEvent['type']>([
  'LeadCaptured',
  'LeadMerged',
  'LeadAbsorbed',
  'ActivityRecorded',
  'StageChanged',
  'LeadQualified',
]);

const empty = (id: string): Counts => {
  const [unit, ...at] = id.split(' ');
  const known = units.find((each) => each === unit);
  const rest = { at: at.join(' '), leads: 0, activities: 0, merged: 0, qualifications: 0, stages: {} };
  return { unit: known ?? 'total', ...rest };
};

/** What there is in a project in all, and what was recorded there by the minute, hour and day. */
export const dashboard: Projection<Counts, LeadEvent> = {
  name: 'dashboard',
  version: 2,
  streams: [streamsOf('lead')],
  document: counts,
  indexes: [['unit', 'at']],
  keys: ({ type, stream, recordedAt }) => {
    const parts = of.has(type) ? streamParts('lead', stream) : undefined;
    if (!parts) return [];
    const iso = recordedAt.toISOString();
    const { projectId: project } = parts;
    const keys = [{ project, id: totalId }];
    if (type !== 'LeadAbsorbed') for (const unit of units) keys.push({ project, id: `${unit} ${startIn(unit, iso)}` });
    return keys;
  },
  evolve: (doc, event: Recorded<LeadEvent>, { id }) => {
    const before = doc ?? empty(id);
    const after = counted(before, event);
    return id === totalId || after.stages === before.stages ? after : { ...after, stages: {} };
  },
};
