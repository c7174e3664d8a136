import { closeWorkItem } from '../commands/work/close-work-item.ts';
import { openWorkItem } from '../commands/work/open-work-item.ts';
import type { Intent } from '../flows/intent.ts';
import { intent } from '../flows/intent.ts';
import { leadIdOf } from '../domain/identity/identity.ts';
import { streamParts, streamsOf, systemProject } from '../domain/streams.ts';
import type { Fact, Reactor, ReactorContext } from './reactor.ts';

const name = 'open-work';

/** By when somebody should have looked, in ms since it happened. */
const [linkTime, failureTime] = [24 * 3_600_000, 4 * 3_600_000];

const later = ({ recordedAt }: { readonly recordedAt: Date }, milliseconds: number): string =>
  new Date(recordedAt.getTime() + milliseconds).toISOString();

/** Each failure has an item of its own: what is tried again and fails again is looked at again. */
const failureId = (eventId: string): string => `failed-${eventId}`;

const refused = (event: Fact<'LinkRefused'>): readonly Intent[] => {
  const parts = streamParts('lead', event.stream);
  if (!parts) return [];
  const { projectId, id: leadId } = parts;
  const { identifier, leadId: other, reason, limit } = event.data;
  const its = leadIdOf(projectId, identifier);
  // However often the two come together again, or something comes to a lead that is full, or people to a device, somebody looks once.
  const [workId, about, others] =
    limit === 'sharedDevice' ? [`device-${its}`, other, leadId] : [`link-${leadId}.${limit ?? its}`, leadId, other];
  return [
    intent(openWorkItem, {
      projectId,
      workId,
      leadId: about,
      kind: 'link_refused',
      priority: 'normal',
      dueAt: later(event, linkTime),
      reason,
      details: { identifier, otherLeadId: others },
    }),
  ];
};

// A failure to open an item must not open items for ever.
const isOurs = ({ data: { reactor, event } }: Fact<'WorkParked'>): boolean =>
  reactor === name || (streamParts('work', event.stream)?.id.startsWith(failureId('')) ?? false);

const failed = async (
  event: Fact<'WorkParked' | 'JobFailed'>,
  { read }: ReactorContext,
): Promise<readonly Intent[]> => {
  const parts = streamParts('job', event.stream) ?? streamParts('parked', event.stream);
  if (!parts || parts.projectId === systemProject || (event.type === 'WorkParked' && isOurs(event))) return [];
  // Whatever came next settled it, or will fail on its own account.
  const [next] = await read(event.stream, event.revision, 1);
  if (next) return [];
  const { projectId } = parts;
  return [
    intent(openWorkItem, {
      projectId,
      workId: failureId(event.id),
      kind: 'failed_work',
      priority: 'high',
      dueAt: later(event, failureTime),
      reason: `It failed ${event.data.attempts} times, and waits to be retried`,
      // What went wrong inside is for operators, who find it by this id.
      details: {
        failedId: `${projectId}.${parts.id}`,
        attempts: event.data.attempts,
        ...(event.type === 'WorkParked' && { reactor: event.data.reactor, event: { ...event.data.event } }),
      },
    }),
  ];
};

const settled = async (
  event: Fact<'WorkRetried' | 'WorkDiscarded' | 'JobRetried' | 'JobCancelled'>,
  { read }: ReactorContext,
): Promise<readonly Intent[]> => {
  const parts = streamParts('job', event.stream) ?? streamParts('parked', event.stream);
  const [before] = await read(event.stream, event.revision - 2, 1);
  if (!parts || (before?.type !== 'WorkParked' && before?.type !== 'JobFailed')) return [];
  const end =
    'reason' in event.data
      ? { how: 'cancelled' as const, reason: event.data.reason }
      : { how: 'completed' as const, reason: 'It was tried again' };
  const by = event.metadata.actor ?? 'leadfold';
  return [intent(closeWorkItem, { projectId: parts.projectId, workId: failureId(before.id), by, ...end })];
};

/** Has somebody look at what nobody may decide alone: two people who may be one, and what failed until it is tried again. */
export const openWorkItems: Reactor = {
  name,
  streams: [streamsOf('lead'), streamsOf('job'), streamsOf('parked')],
  on: {
    LinkRefused: refused,
    WorkParked: failed,
    JobFailed: failed,
    WorkRetried: settled,
    WorkDiscarded: settled,
    JobRetried: settled,
    JobCancelled: settled,
  },
};
