import type { ReadModels } from '../readmodels/read-models.ts';
import type { Instruments } from './instruments.ts';
import { secondsSince } from './instruments.ts';

/** Read models that tell how long they take and when they fail; `onError` is told why. */
export const measuredReadModels = (
  readModels: ReadModels,
  instruments: Instruments,
  onError: (error: unknown) => void = () => undefined,
): ReadModels => {
  const { readModelsDuration, storeErrors } = instruments;
  const measured = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    try {
      return await work();
    } catch (error) {
      storeErrors.add(1, 'read-models', operation);
      onError(error);
      throw error;
    } finally {
      readModelsDuration.observe(secondsSince(began), operation);
    }
  };
  return {
    prepare: (collections, how) => measured('prepare', () => readModels.prepare(collections, how)),
    get: (project, collection, id) => measured('get', () => readModels.get(project, collection, id)),
    getMany: (project, collection, ids) => measured('get-many', () => readModels.getMany(project, collection, ids)),
    find: (project, collection, query) => measured('find', () => readModels.find(project, collection, query)),
    count: (project, collection, where) => measured('count', () => readModels.count(project, collection, where)),
    load: (collection, keys) => measured('load', () => readModels.load(collection, keys)),
    save: (collection, documents, checkpoint, fact) =>
      measured('save', () => readModels.save(collection, documents, checkpoint, fact)),
    replace: (collection, documents) => measured('replace', () => readModels.replace(collection, documents)),
    size: (name) => measured('size', () => readModels.size(name)),
    drop: (name) => measured('drop', () => readModels.drop(name)),
    checkpoint: (name) => measured('checkpoint', () => readModels.checkpoint(name)),
    standing: (name) => measured('checkpoint', () => readModels.standing(name)),
    saveCheckpoint: (name, position, fact) =>
      measured('save-checkpoint', () => readModels.saveCheckpoint(name, position, fact)),
    dropCheckpoint: (name) => measured('drop-checkpoint', () => readModels.dropCheckpoint(name)),
    leaseOf: (name) => measured('lease', () => readModels.leaseOf(name)),
    lease: (name, holder, now, until) => measured('lease', () => readModels.lease(name, holder, now, until)),
    release: (name, holder) => measured('release', () => readModels.release(name, holder)),
    register: (name) => measured('register', () => readModels.register(name)),
    raise: (name, to) => measured('raise', () => readModels.raise(name, to)),
    close: () => readModels.close(),
  };
};
