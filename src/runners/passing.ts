import type { Standing } from '../readmodels/checkpoints.ts';
import type { Place } from '../eventstore/event-store.ts';

/** How long, in ms, it may go unsaved that a reader has come further. */
const UNSAVED = 1_000;

/**
 * Saves how far a reader has come that found nothing to handle: seldom, because it costs next to nothing to read so far
 * again, and when it ends. `save` is tried again when it fails.
 */
export function passing(save: (position: number, fact?: Place) => Promise<void>) {
  let passed: Standing = { position: 0 };
  let saved = 0;
  let timer: NodeJS.Timeout | undefined;

  const settle = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const { position, fact } = passed;
    if (position <= saved) return;
    try {
      await save(position, fact);
      saved = position;
    } catch {
      later();
    }
  };
  const later = (): void => {
    timer ??= setTimeout(() => void settle(), UNSAVED).unref();
  };
  return {
    to: (standing: Standing): void => {
      passed = standing;
      later();
    },
    /** Saves what is not saved yet; if that fails the rest is read again, by whoever goes on. */
    end: async (): Promise<void> => {
      await settle();
      clearTimeout(timer);
    },
  };
}
