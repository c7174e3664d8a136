import { z } from 'zod';
import { Problem } from '../problems.ts';
import type { Fault } from './item.ts';
import type { Outcome } from './record.ts';

const warning = z.object({ code: z.literal('link-refused'), detail: z.string() });
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

/** The answer to many items. */
export const batchAnswerSchema = z.object({
  accepted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
  results: z.array(resultSchema),
});

type Captured = Extract<Outcome, { status: unknown }>;

const notesOf = ({ conflict, refused }: Captured): Pick<Result, 'conflict' | 'warnings'> => ({
  ...(conflict && { conflict }),
  ...(refused && {
    warnings: refused.map(({ kind, value }) => ({
      code: 'link-refused' as const,
      detail: `${kind} ${JSON.stringify(value)} stays with another lead, because a lead has one userId at most`,
    })),
  }),
});

const listed = (faults: readonly Fault[]): string =>
  faults.map(({ pointer, detail }) => `${pointer || 'the activity'} ${detail}`).join('; ');

/** The answer to an activity that came alone. Throws a `Problem` with all that is wrong with it. */
export const receiptOf = (outcome: Outcome | undefined): z.infer<typeof receiptSchema> => {
  if (outcome && 'status' in outcome) {
    const { status, eventId, leadId, position } = outcome;
    return { status, eventId, leadId, position, ...notesOf(outcome) };
  }
  const faults = outcome && 'faults' in outcome ? outcome.faults : [];
  throw new Problem('invalid-request', `Nothing was recorded: ${listed(faults)}`, { errors: faults });
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
  return { index, status, eventId, leadId, ...notesOf(outcome) };
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
