import { z } from 'zod';

/** One thing that is not as it must be: where, and why that is seen. */
const example = z.looseObject({ projectId: z.string().optional(), leadId: z.string().optional(), why: z.string() });
export type Example = Readonly<z.infer<typeof example>>;

const invariant = z.object({
  id: z.int().describe('1 to 10, as in docs/how-to/verify-invariants.md'),
  name: z.string(),
  checked: z.int().describe('How many things were looked at'),
  violations: z.int(),
  examples: z.array(example).describe('At most 10 of the violations'),
});

/**
 * What came of a check. `position` is the place in the log that it holds for; of a check in parts the lowest: each of them
 * had everything up to there, and one may have had more. `took` is in ms.
 */
export const reportSchema = z.object({
  status: z.enum(['healthy', 'violated']),
  checkedAt: z.string(),
  /** Not there when it is about all projects. */
  projectId: z.string().optional(),
  position: z.int(),
  took: z.int(),
  leads: z.int(),
  activities: z.int(),
  invariants: z.array(invariant),
});
export type Report = Readonly<z.infer<typeof reportSchema>>;

/** What a check finds: how many things it looked at, and what is wrong with them. */
export type Checked = { readonly checked: number; readonly findings: readonly Finding[] };
export type Finding = { readonly why: string; readonly eventId?: string };

/** How many violations of each invariant are shown. */
const shownExamples = 10;

/** Adds up what the checks of one invariant find. */
export const tallyOf = (id: number, name: string) => {
  const found = { checked: 0, violations: 0 };
  const examples: Example[] = [];
  return {
    add: (where: Omit<Example, 'why'>, { checked, findings }: Checked): void => {
      found.checked += checked;
      found.violations += findings.length;
      for (const finding of findings.slice(0, shownExamples - examples.length)) examples.push({ ...where, ...finding });
    },
    result: (): Report['invariants'][number] => ({ id, name, ...found, examples }),
  };
};

/** The reports of two parts of a check as one. */
export const joined = (one: Report, other: Report): Report => ({
  ...one,
  status: one.status === 'healthy' ? other.status : one.status,
  position: Math.min(one.position, other.position),
  took: Math.max(one.took, other.took),
  leads: one.leads + other.leads,
  activities: one.activities + other.activities,
  invariants: one.invariants.map(({ checked, violations, examples, ...invariant }) => {
    const same = other.invariants.filter(({ id }) => id === invariant.id);
    return {
      ...invariant,
      checked: same.reduce((sum, each) => sum + each.checked, checked),
      violations: same.reduce((sum, each) => sum + each.violations, violations),
      examples: [...examples, ...same.flatMap((each) => each.examples)].slice(0, shownExamples),
    };
  }),
});
