import { z } from 'zod';
import type { Activity } from '../domain/lead/activity.ts';
import { jsonObject } from '../domain/lead/activity.ts';
import type { LeadEvent } from '../domain/lead/lead-events.ts';
import { hundredths, inPoints } from '../domain/scoring/scoring.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Key } from '../readmodels/collection.ts';
import type { Projection } from './projection.ts';

/** An activity in a lead's history, with what it did to the score when it was recorded, in points. */
export const historyEntry = z.object({
  leadId: z.string(),
  eventId: z.string(),
  eventType: z.string(),
  occurredAt: z.string(),
  receivedAt: z.string(),
  properties: jsonObject,
  sessionId: z.string().optional(),
  source: z.string(),
  context: jsonObject.optional(),
  delta: z.number(),
  /** The lead's score after the change; not there when the activity changed nothing. */
  score: z.number().optional(),
  because: z.array(z.object({ rule: z.string(), points: z.number() })),
  /** The revision of the fact that brought the activity to this lead. */
  revision: z.number(),
  /** The revision of the fact that scored the activity; not there when none did. */
  scoredRevision: z.number().optional(),
});
export type HistoryEntry = Readonly<z.infer<typeof historyEntry>>;

const entryId = (leadId: string, eventId: string): string => `${leadId}.${eventId}`;

const idsOf = (leadId: string, event: LeadEvent): readonly string[] => {
  switch (event.type) {
    case 'ActivityRecorded':
      return [entryId(leadId, event.data.eventId)];
    case 'LeadScored': {
      const eventIds: string[] = [];
      for (const { eventId } of event.data.because)
        if (eventId !== undefined && !eventIds.includes(eventId)) eventIds.push(eventId);
      return eventIds.map((eventId) => entryId(leadId, eventId));
    }
    case 'LeadAbsorbed': {
      const { from, activities, known } = event.data;
      const moved = activities.map(({ eventId }) => eventId);
      return [
        ...new Set([...moved.map((id) => entryId(leadId, id)), ...[...moved, ...known].map((id) => entryId(from, id))]),
      ];
    }
    default:
      return [];
  }
};

const entered = (leadId: string, activity: Activity, revision: number): HistoryEntry => {
  const { traits: _, traitsLeftOut: __, ...published } = activity;
  return { leadId, ...published, delta: 0, because: [], revision };
};

const evolve = (doc: HistoryEntry | undefined, event: Recorded<LeadEvent>, { id }: Key): HistoryEntry | undefined => {
  const leadId = streamParts('lead', event.stream)?.id ?? '';
  switch (event.type) {
    case 'ActivityRecorded':
      return entered(leadId, event.data, event.revision);
    case 'LeadAbsorbed': {
      const own = id.startsWith(`${leadId}.`) ? id.slice(leadId.length + 1) : undefined;
      const activity = event.data.activities.find(({ eventId }) => eventId === own);
      return activity && entered(leadId, activity, event.revision);
    }
    case 'LeadScored': {
      if (!doc) return undefined;
      const own = event.data.because.filter(({ eventId }) => eventId === doc.eventId);
      const delta = own.reduce((sum, { points }) => sum + hundredths(points), hundredths(doc.delta));
      return {
        ...doc,
        delta: inPoints(delta),
        score: event.data.score,
        because: [...doc.because, ...own.map(({ rule, points }) => ({ rule, points }))],
        scoredRevision: event.revision,
      };
    }
    default:
      return doc;
  }
};

/** What each lead did. The activities of a merged lead move to its survivor. */
export const history: Projection<HistoryEntry, LeadEvent> = {
  name: 'history',
  of: 'lead',
  idOf: ({ leadId, eventId }) => entryId(leadId, eventId),
  version: 3,
  streams: [streamsOf('lead')],
  document: historyEntry,
  // Each entry is written to a place of its own in each of them: one more costs as much as the entry.
  indexes: [['leadId', 'occurredAt']],
  keys: (event) => {
    const parts = streamParts('lead', event.stream);
    if (!parts) return [];
    return idsOf(parts.id, event).map((id) => ({ project: parts.projectId, id }));
  },
  evolve,
  begins: ({ type }) => type === 'ActivityRecorded',
};
