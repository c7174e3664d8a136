import { z } from 'zod';

/** Some of all leads: those with ids after `from`, up to and with `to`. Where one is not given, there is no end. */
export const partSchema = z.object({ from: z.string().optional(), to: z.string().optional() });
export type Part = Readonly<z.infer<typeof partSchema>>;

/** All leads. */
export const whole: Part = {};

/**
 * All leads in two parts of about the same size, as ids are UUIDs made of hashes. The border is ASCII, so it does not matter
 * whether texts are compared by their bytes, as stores do, or by UTF-16.
 */
export const halves: readonly Part[] = [{ to: '8' }, { from: '8' }];

/** Whether a lead belongs to a part. */
export const isIn = ({ from, to }: Part, leadId: string): boolean =>
  (from === undefined || leadId > from) && (to === undefined || leadId <= to);

/** Whether what is not about one lead is looked at with this part. Of all parts one is the first. */
export const isFirst = ({ from }: Part): boolean => from === undefined;

/** A document says that it is of a lead of another part than the one it lies in. Only who looks at all leads can tell what that breaks. */
export class Misplaced extends Error {
  constructor() {
    super('A document lies where those of other leads belong: check all leads as one part');
    this.name = 'Misplaced';
  }
}
