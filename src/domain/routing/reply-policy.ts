import { z } from 'zod';
import type { Schedule } from './working-time.ts';
import { afterWorking } from './working-time.ts';

/** What is done when nobody replied in time. */
export const replyActions = ['notify', 're-route', 'escalate', 'work-item'] as const;

/** How much there may be in a reply policy that is published: its steps, and the bytes of the body. */
export const replyLimits = { steps: 20, bytes: 16_384 } as const;

/** How soon an assigned lead must be replied to, and what happens when it is not. */
export const replyPolicySchema = z.strictObject({
  enabled: z.boolean(),
  firstResponseMinutes: z.number().int().min(1).max(100_000),
  countedIn: z.enum(['working-hours', 'always']),
  /** When a notice is due, in percent of the time there is. */
  atRiskPercent: z.number().int().min(1).max(99),
  /** Each so many minutes, counted alike, after the reply was due. */
  steps: z
    .array(z.strictObject({ afterMinutes: z.number().int().min(0).max(100_000), action: z.enum(replyActions) }))
    .max(20),
});
export type ReplyPolicy = Readonly<z.infer<typeof replyPolicySchema>>;

/** The policy of a project that has published none. */
export const defaultReplyPolicy: ReplyPolicy = {
  enabled: true,
  firstResponseMinutes: 30,
  countedIn: 'working-hours',
  atRiskPercent: 80,
  steps: [
    { afterMinutes: 0, action: 'notify' },
    { afterMinutes: 15, action: 're-route' },
    { afterMinutes: 30, action: 'escalate' },
  ],
};

const minute = 60_000;

/** When a reply to a lead that was assigned then is due, and what follows when there is none (ISO 8601). */
export type ReplyTimes = {
  readonly dueAt: string;
  readonly atRiskAt: string;
  readonly steps: readonly { readonly at: string; readonly action: (typeof replyActions)[number] }[];
};

/** The times of a policy for a rep with a schedule; undefined when it is off, or the rep works too little to say. */
export const responsePlan = (
  { enabled, firstResponseMinutes, countedIn, atRiskPercent, steps }: ReplyPolicy,
  schedule: Schedule,
  assignedAt: Date,
): ReplyTimes | undefined => {
  if (!enabled) return undefined;
  const counted = countedIn === 'always' ? { timeOff: [] } : schedule;
  const inOrder = steps.toSorted((a, b) => a.afterMinutes - b.afterMinutes);
  const minutes = [
    ...[firstResponseMinutes, (firstResponseMinutes * atRiskPercent) / 100],
    ...inOrder.map(({ afterMinutes }) => firstResponseMinutes + afterMinutes),
  ];
  const amounts = minutes.map((each) => Math.round(each * minute));
  const [due, atRisk, ...later] = afterWorking(counted, assignedAt, amounts);
  if (!due || !atRisk) return undefined;
  const planned = inOrder.flatMap(({ action }, index) => {
    const at = later[index];
    return at ? [{ at: at.toISOString(), action }] : [];
  });
  return { dueAt: due.toISOString(), atRiskAt: atRisk.toISOString(), steps: planned };
};
