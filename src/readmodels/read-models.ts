import type { Checkpoints } from './checkpoints.ts';
import type { Documents } from './documents.ts';
import type { Leases } from './leases.ts';
import type { Queries } from './queries.ts';
import type { Registers } from './registers.ts';

/**
 * All that an adapter keeps, as whoever opens it has it, and closes it. Everybody else takes the interfaces that they use.
 * A method that is called after `close` throws `ReadModelsUnavailable`.
 */
export type ReadModels = Documents & Queries & Checkpoints & Leases & Registers & { close(): Promise<void> };

/** The read models can't be reached; the log is not affected. */
export class ReadModelsUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReadModelsUnavailable';
  }
}
