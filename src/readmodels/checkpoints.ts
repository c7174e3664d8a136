import type { Place } from '../eventstore/event-store.ts';

/**
 * How far a reader has come, and the last fact that the log had by then, at that position or before. There is no fact before
 * the first one, nor where a version saved the checkpoint that kept none.
 */
export type Standing = { readonly position: number; readonly fact?: Place };

/** What was saved of a checkpoint. A fact beyond it was left behind by a version that dropped the checkpoint and kept none. */
export const standingOf = (position: number, fact: Place | undefined): Standing => ({
  position,
  ...(fact && fact.position <= position && { fact }),
});

/**
 * How far in the log those are who read it, by their names. That of a collection is saved with its documents, and goes when it
 * is dropped. Every method throws `ReadModelsUnavailable` when they can't be reached.
 */
export interface Checkpoints {
  /** How far a collection or a reader of that name has come: a position, 0 at first. */
  checkpoint(name: string): Promise<number>;
  /** The checkpoint with the fact that it stands on. */
  standing(name: string): Promise<Standing>;
  /** Moves a checkpoint to a position, with the fact that it stands on; it never goes back. */
  saveCheckpoint(name: string, position: number, fact?: Place): Promise<void>;
  /** Removes a checkpoint, so that its reader begins again at the log's beginning. There need be none. */
  dropCheckpoint(name: string): Promise<void>;
}
