import { z } from 'zod';
import { Rejection } from '../rejection.ts';
import type { WorkItemEvent, WorkItemState } from './work-item.ts';
import { isClosed } from './work-item.ts';

/** How long a claim lasts, in ms; then the item is everybody's again. */
export const claimLifetime = 15 * 60_000;

/** Who ends a claim whose time ran out. Nobody else may go by this name. */
const leaseName = 'lease';

/** Which work item, and who does something with it. */
export const whoAndWhich = {
  projectId: z.string(),
  workId: z.string(),
  by: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .refine((by) => by !== leaseName, 'Nobody goes by this name'),
} as const;

/** Why; empty where nobody has to say. */
export const why = z.string().trim().max(1_000);

const ranOut = ({ status, until }: Pick<WorkItemState, 'status' | 'until'>, now: Date): boolean =>
  status === 'claimed' && until <= now.toISOString();

/** The end of a claim whose time ran out, if it did: it ended then, whenever that is noticed. */
export const lapsed = (state: WorkItemState, now: Date): readonly WorkItemEvent[] =>
  ranOut(state, now)
    ? [
        {
          type: 'WorkItemReleased',
          data: { by: leaseName, reason: 'The time of the claim ran out', releasedAt: state.until },
        },
      ]
    : [];

/** An item that can still be worked on. Throws `Rejection` when there is none, or it has ended. */
export const mustBeOpen = (state: WorkItemState, workId: string): void => {
  if (state.status === 'unknown') throw new Rejection('work-item-unknown', `There is no work item ${workId}`);
  if (isClosed(state))
    throw new Rejection('work-item-closed', `Work item ${workId} is ${state.resolution ?? state.status}`);
};

/** An item that can be worked on, and that nobody but `by` has. Throws `Rejection`. */
export const mustBeFreeFor = (state: WorkItemState, workId: string, by: string, now: Date): void => {
  mustBeOpen(state, workId);
  if (state.status === 'claimed' && state.by !== by && !ranOut(state, now))
    throw new Rejection('work-claimed', `Work item ${workId} is with ${state.by} until ${state.until}`);
};

type Decision = {
  readonly workId: string;
  readonly by: string;
  readonly reason: string;
  readonly resolution: 'approved' | 'rejected';
};

/** The facts of a yes or a no. Throws `Rejection` while another has the item, and when it asks for no decision. */
export const decided = (
  state: WorkItemState,
  { workId, by, reason, resolution }: Decision,
  now: Date,
): readonly WorkItemEvent[] => {
  mustBeFreeFor(state, workId, by, now);
  if (state.kind !== 'approval_required')
    throw new Rejection('work-mismatched', `Work item ${workId} asks for no decision; complete it`);
  return [
    ...lapsed(state, now),
    { type: 'WorkItemCompleted', data: { by, resolution, reason, completedAt: now.toISOString() } },
  ];
};
