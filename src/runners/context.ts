import type { Engine } from '../flows/engine.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';
import type { Documents } from '../readmodels/documents.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { Registers } from '../readmodels/registers.ts';

/**
 * What runs with a worker: `reached` resolves when the read models, or `only` those of some projections, are at a position; `head`
 * is the position of the last fact. `othersLag`: how long other processes may go on with what was true before, in ms.
 */
export type WorkerContext = {
  readonly engine: Engine;
  readonly readModels: Documents & Queries & Checkpoints & Registers;
  readonly clock: () => Date;
  readonly othersLag: number;
  /** Waits so many ms; rejects when the process stops meanwhile. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly head: () => Promise<number>;
  readonly reached: (position: number, only?: readonly string[]) => Promise<void>;
};
