import { TooManyConflicts } from '../../src/engine/errors.ts';
import { Rejection } from '../../src/domain/rejection.ts';

/** What the domain refuses, and what others were quicker at, changes nothing. */
export const perhaps = async (doing: Promise<unknown>): Promise<void> => {
  await doing.catch((error: unknown) => {
    if (!(error instanceof Rejection || error instanceof TooManyConflicts)) throw error;
  });
};

/** Reactors go on after others were quicker. */
export const persistently = async (doing: () => Promise<void>): Promise<void> => {
  for (;;) {
    try {
      return await doing();
    } catch (error) {
      if (!(error instanceof TooManyConflicts)) throw error;
    }
  }
};
