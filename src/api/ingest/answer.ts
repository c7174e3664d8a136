import { z } from 'zod';
import { leadLimits } from '../../domain/lead/lead-limits.ts';
import { Problem } from '../http/problems.ts';
import type { Fault } from './item.ts';
import type { Outcome } from './record.ts';

const warning = z
  .object({
    code: z.enum(['field-left-out', 'field-unknown', 'link-refused', 'traits-left-out']),
    detail: z.string(),
    pointer: z.string().optional().describe('Where in the request that stands which was not taken'),
  })
  .describe('Something of a recorded activity that was not taken');
const notes = { conflict: z.literal(true).optional(), warnings: z.array(warning).optional() };

/** The answer to one activity. */
export const receiptSchema = z.object({
  status: z.enum(['queued', 'duplicate']),
  eventId: z.string(),
  leadId: z.string(),
  position: z.int(),
  ...notes,
});

/** What became of one item of many. `eventId` is null when the item has none that can be used. */
export const resultSchema = z.object({
  index: z.int(),
  status: z.enum(['queued', 'duplicate', 'rejected', 'ignored']),
  eventId: z.string().nullable(),
  leadId: z.string().optional(),
  ...notes,
  error: z.object({ pointer: z.string(), detail: z.string() }).optional(),
});
type Result = z.infer<typeof resultSchema>;
type Warning = z.infer<typeof warning>;

/** The answer to many items. */
export const batchAnswerSchema = z.object({
  accepted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
  results: z.array(resultSchema),
});

type Recorded = Extract<Outcome, { status: unknown }>;

/** How many names a warning lists. */
const listedNames = 5;

/** Why traits were not taken, in words. */
const leftOut = (names: readonly string[], pointer: string): Warning => {
  const first = names.slice(0, listedNames).map((name) => JSON.stringify(name));
  const more = names.length > first.length ? ` and ${names.length - first.length} more` : '';
  const { traits, profileBytes } = leadLimits;
  const limits = `a lead has ${traits} traits of ${profileBytes} bytes as JSON at most`;
  return { code: 'traits-left-out', detail: `${first.join(', ')}${more} not taken, because ${limits}`, pointer };
};

/** What of a recorded activity was not taken. `at` is where in the request the activity stands. */
const warningsOf = ({ warnings = [], refused = [], traitsLeftOut, ...more }: Recorded, at: string): Warning[] => [
  ...warnings.map(({ code, pointer, detail }) => ({ code, detail, pointer: `${at}${pointer}` })),
  ...refused.map(({ identifier: { kind, value }, reason, limit }): Warning => {
    const where = limit === 'identifiers' ? 'is not linked to that lead' : 'stays with another lead';
    return { code: 'link-refused', detail: `${kind} ${JSON.stringify(value)} ${where}, because ${reason}` };
  }),
  ...(traitsLeftOut ? [leftOut(traitsLeftOut, `${at}${more.traitsAt ?? '/traits'}`)] : []),
];

const notesOf = (captured: Recorded, at: string): Pick<Result, 'conflict' | 'warnings'> => {
  const warnings = warningsOf(captured, at);
  return {
    ...(captured.conflict && { conflict: captured.conflict }),
    ...(warnings.length > 0 && { warnings }),
  };
};

/** All that is wrong with an activity, in a sentence. */
export const listedFaults = (faults: readonly Fault[]): string =>
  faults.map(({ pointer, detail }) => `${pointer || 'the activity'} ${detail}`).join('; ');

/** The answer to an activity that came alone. Throws a `Problem` with all that is wrong with it. */
export const receiptOf = (outcome: Outcome | undefined): z.infer<typeof receiptSchema> => {
  if (outcome && 'status' in outcome) {
    const { status, eventId, leadId, position } = outcome;
    return { status, eventId, leadId, position, ...notesOf(outcome, '') };
  }
  const faults = outcome && 'faults' in outcome ? outcome.faults : [];
  throw new Problem('invalid-request', `Nothing was recorded: ${listedFaults(faults)}`, { errors: faults });
};

const resultOf = (outcome: Outcome, index: number, at: string): Result => {
  if ('ignored' in outcome) return { index, status: 'ignored', eventId: outcome.ignored };
  if ('faults' in outcome) {
    const [{ pointer, detail }] = outcome.faults;
    return {
      index,
      status: 'rejected',
      eventId: outcome.eventId ?? null,
      error: { pointer: `${at}${pointer}`, detail },
    };
  }
  const { status, eventId, leadId } = outcome;
  return { index, status, eventId, leadId, ...notesOf(outcome, at) };
};

/** The answer to many. `pointerTo` says where in the request an item stands. */
export const batchAnswerOf = (
  outcomes: readonly Outcome[],
  pointerTo: (index: number) => string,
): z.infer<typeof batchAnswerSchema> => {
  const results = outcomes.map((outcome, index) => resultOf(outcome, index, pointerTo(index)));
  const count = (status: Result['status']) => results.filter((each) => each.status === status).length;
  return { accepted: count('queued'), duplicates: count('duplicate'), rejected: count('rejected'), results };
};
