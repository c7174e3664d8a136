/**
 * What registers there are: which generation of a collection answers, which was begun last, which version of its projection makes
 * the documents of a generation, how often documents were repaired, and how much endpoints were ever told of.
 */
export type RegisterName = `serving:${string}` | `built:${string}` | `version:${string}` | 'repaired' | 'told';

/**
 * Named whole numbers that only grow, 0 at first, and that all processes see at once. They are no places in the log: nobody
 * reads on from one. Every method throws `ReadModelsUnavailable` when they can't be reached.
 *
 * Adapters keep them beside the checkpoints, in the same table, as they were kept when they passed for checkpoints. So
 * read models of an older version serve the generation that they served, and an older process beside a newer one, or after
 * it, goes by the same numbers; a table of their own would let the two serve different generations. No projection or reader
 * has a name like these, so neither is taken for the other.
 */
export interface Registers {
  /** The number of a register. */
  register(name: RegisterName): Promise<number>;
  /** Raises a register to a number, unless it is as high already. */
  raise(name: RegisterName, to: number): Promise<void>;
}
