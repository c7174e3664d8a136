import type { Place } from '../eventstore/event-store.ts';
import type { Checked } from './report.ts';
import { checkedAll } from './evidence.ts';

/** A checkpoint when a check ended, and how far its reader was when the check began and when it ended. */
export type CheckpointEvidence = {
  readonly name: string;
  readonly checkpoint: number;
  readonly before: number;
  readonly after: number;
  /** Where the log ended after the checkpoint was read. */
  readonly head: number;
  /** The fact that it stands on, if the log does not have it there. */
  readonly missing?: Place | undefined;
  /** Where the log ended when the check began; undefined when nothing runs that could move it. */
  readonly aim: number | undefined;
};

/** 10. One that stands on a fact that the log lacks is of another log, or this one lost its end. One that is behind and did not move in all the time that the check gave it does not move. */
export const checkpointsMove = {
  id: 10,
  name: 'Checkpoints never exceed the head of the log, and move',
  check: (checkpoints: readonly CheckpointEvidence[]): Checked =>
    checkedAll(checkpoints, ({ name, checkpoint, before, after, head, missing, aim }) => {
      if (checkpoint > head) return { why: `the checkpoint of ${name} is ${checkpoint}, the log ends at ${head}` };
      if (missing)
        return {
          why: `the checkpoint of ${name} stands on fact ${missing.id} at ${missing.position}, which the log lacks`,
        };
      if (aim === undefined || after >= aim || after > before) return undefined;
      return { why: `the checkpoint of ${name} stays at ${after}, the log is at ${aim}` };
    }),
} as const;
