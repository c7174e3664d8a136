import { z } from 'zod';
import type { PreparedModel } from './prepared-model.ts';
import { prepare } from './prepared-model.ts';
import type { ScoringModel } from './scoring-model.ts';
import { modelSchema } from './scoring-model.ts';

/** A model as it is in force: with the version it was published as, counted from 1. */
export const publishedModelSchema = z.object({ version: z.number().int().min(1), model: modelSchema });

/** `prepared` is what was made ready of the model when it came into force; without it each score makes it ready again. */
export type PublishedModel = Readonly<z.infer<typeof publishedModelSchema>> & {
  readonly prepared?: () => PreparedModel;
};

/** A model that comes into force. It is made ready when it scores for the first time, and remembers what it has seen. */
export const inForce = (version: number, model: ScoringModel): PublishedModel => {
  let made: PreparedModel | undefined;
  return { version, model, prepared: () => (made ??= prepare(model)) };
};
