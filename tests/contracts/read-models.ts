import { describe, onTestFinished } from 'vitest';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { checkpointsContract } from './read-models/checkpoints.ts';
import { documentsContract } from './read-models/documents.ts';
import { leasesContract } from './read-models/leases.ts';
import { declared, people } from './read-models/people.ts';
import { queriesContract } from './read-models/queries.ts';
import { registersContract } from './read-models/registers.ts';

/** A place for read models that nobody else uses: every handle opened on it sees the same documents. */
export type Home = {
  readonly open: (options?: { readonly readOnly?: boolean }) => ReadModels | Promise<ReadModels>;
  readonly remove: () => Promise<void>;
};

type Open = (options?: { readonly readOnly?: boolean }) => Promise<ReadModels>;

/** What each test begins with: a new home and how it is opened, empty, or with the people prepared. */
export type Given = {
  readonly home: () => Promise<Open>;
  readonly prepared: () => Promise<{ readonly open: Open; readonly readModels: ReadModels }>;
};

/** What every adapter of the read models does. `create` gives a new, empty home for one test. */
export const readModelsContract = (name: string, create: () => Promise<Home>): void => {
  const home = async () => {
    const { open, remove } = await create();
    const opened: ReadModels[] = [];
    onTestFinished(async () => {
      for (const readModels of opened) await readModels.close();
      await remove();
    });
    return async (options?: { readonly readOnly?: boolean }) => {
      const readModels = await open(options);
      opened.push(readModels);
      return readModels;
    };
  };

  const prepared = async () => {
    const open = await home();
    const readModels = await open();
    await readModels.prepare([declared(people)]);
    return { open, readModels };
  };

  describe(`read models in ${name}`, () => {
    const given = { home, prepared };
    documentsContract(given);
    queriesContract(given);
    checkpointsContract(given);
    leasesContract(given);
    registersContract(given);
  });
};
