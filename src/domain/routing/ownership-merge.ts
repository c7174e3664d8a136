import type { Ownership } from './ownership.ts';
import type { AbsorbedRouting, Closing, Held, Outcome } from './ownership-events.ts';

type Standing = Pick<Ownership, 'status' | 'outcome'>;

const byOutcome: Readonly<Record<Outcome, number>> = { won: 5, disqualified: 4, lost: 1 };

/**
 * Which of two routings counts when their leads turn out to be one: what was won is not lost again by a merge, and who was
 * disqualified is not asked again; what somebody works on goes before what was lost.
 */
const weightOf = ({ status, outcome }: Standing): number => {
  if (status === 'closed') return outcome === undefined ? 1 : byOutcome[outcome];
  return status === 'none' ? 0 : status === 'assigned' ? 3 : 2;
};

/** Whether somebody has a lead or is to have it. */
export const isActive = ({ status }: Pick<Ownership, 'status'>): boolean => status !== 'none' && status !== 'closed';

/** Whether the routing of a merged lead counts before that of the lead that takes it over. */
export const prevails = ({ status, brought }: AbsorbedRouting, before: Standing): boolean =>
  weightOf({ status, outcome: brought?.closed?.outcome }) > weightOf(before);

/** The work items of a merged lead end with it, so the last step that opened one is taken again. */
const takenOf = ({ steps, taken }: NonNullable<Held['plan']>, workIds: readonly string[]): number => {
  const last = steps.slice(0, taken).findLastIndex(({ action }) => action === 'work-item' || action === 'escalate');
  return workIds.length > 0 && last >= 0 ? last : taken;
};

const heldIn = ({ status, assignedAt, acceptedAt, plan, workIds, held }: Ownership): Held | undefined => {
  if (status !== 'assigned') return held;
  return {
    since: assignedAt,
    ...(acceptedAt !== undefined && { acceptedAt }),
    ...(plan && { plan: { ...plan, steps: [...plan.steps], taken: takenOf(plan, workIds) } }),
  };
};

/** All that a merged lead's routing was, for the lead that takes it over. */
export const routingBrought = (ownership: Ownership): AbsorbedRouting => {
  const { status, workIds, repId, teamId, since, excluded, approved, closed, histories } = ownership;
  const held = heldIn(ownership);
  return {
    status,
    workIds: [...workIds],
    brought: {
      ...(repId !== undefined && { repId }),
      ...(teamId !== undefined && { teamId }),
      ...(since !== '' && { since }),
      excluded: [...excluded].sort(),
      approved,
      ...(held && { held }),
      ...(status === 'closed' && closed && { closed }),
      histories: [...histories],
    },
  };
};

/**
 * How a lead is to be closed because of what it took over, when it is not closed so already; undefined when it is, or when
 * there is nothing of the kind. `before` is its own routing before that, `after` what it is with all that the merge brought.
 */
export const closingByMerge = (
  before: Ownership,
  { brought }: AbsorbedRouting,
  after: Standing,
): Closing | undefined => {
  const own = before.status === 'closed' ? before.closed : undefined;
  const [first] = [own, brought?.closed]
    .filter((each) => each !== undefined)
    .sort((a, b) => byOutcome[b.outcome] - byOutcome[a.outcome]);
  if (!first || (after.status === 'closed' && after.outcome === first.outcome)) return undefined;
  return first.outcome === 'lost' && isActive(after) ? undefined : first;
};
