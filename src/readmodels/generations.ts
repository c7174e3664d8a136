import type { Collection } from './collection.ts';
import type { ReadModels } from './read-models.ts';
import type { Registers } from './registers.ts';

/** The name of a generation of a collection. The first one, 0, has the collection's own. */
export const generationName = (name: string, generation: number): string =>
  generation === 0 ? name : `${name}@${generation}`;

/** The generation of a collection that answers. */
export const servingOf = (registers: Registers, name: string): Promise<number> => registers.register(`serving:${name}`);

/** Makes a generation the one that answers, unless a later one does. */
export const serve = (registers: Registers, name: string, generation: number): Promise<void> =>
  registers.raise(`serving:${name}`, generation);

/** The generation to build next, that nobody built before. It is kept once somebody begins it. */
export const nextOf = async (registers: Registers, name: string): Promise<number> =>
  Math.max(await servingOf(registers, name), await registers.register(`built:${name}`)) + 1;

/** Keeps the number of a generation that is begun, so that no other is given it. */
export const begin = (registers: Registers, name: string, generation: number): Promise<void> =>
  registers.raise(`built:${name}`, generation);

/** Which version of its projection made the documents of a generation, by its name: 1 where nobody said. */
export const versionOf = async (registers: Registers, name: string): Promise<number> =>
  Math.max(1, await registers.register(`version:${name}`));

/** Says which version of its projection makes the documents of a generation, from the first fact on. */
export const madeBy = (registers: Registers, name: string, version: number): Promise<void> =>
  registers.raise(`version:${name}`, version);

/**
 * Read models in which each of these collections is the generation of it that answers: what is read, replaced, and how far
 * it is. Collections that are named with their generation are as they are. `maxAge` is how long, in ms, a generation that
 * was looked up is used for others: what is dropped must not have answered for longer than that.
 */
export const serving = (
  readModels: ReadModels,
  names: readonly string[],
  { maxAge, now = () => performance.now() }: { readonly maxAge: number; readonly now?: () => number },
): ReadModels => {
  const known = new Map<string, { readonly name: string; readonly until: number }>();
  const current = async (name: string): Promise<string> => {
    if (!names.includes(name)) return name;
    const recent = known.get(name);
    if (recent && recent.until > now()) return recent.name;
    const found = generationName(name, await servingOf(readModels, name));
    if (maxAge > 0) known.set(name, { name: found, until: now() + maxAge });
    return found;
  };
  const of = async <D>(collection: Collection<D>): Promise<Collection<D>> => {
    const name = await current(collection.name);
    return name === collection.name ? collection : { ...collection, name };
  };
  return {
    get: async (project, collection, id) => readModels.get(project, await of(collection), id),
    getMany: async (project, collection, ids) => readModels.getMany(project, await of(collection), ids),
    find: async (project, collection, query) => readModels.find(project, await of(collection), query),
    count: async (project, collection, where) => readModels.count(project, await of(collection), where),
    load: async (collection, keys) => readModels.load(await of(collection), keys),
    replace: async (collection, documents) => readModels.replace(await of(collection), documents),
    size: async (name) => readModels.size(await current(name)),
    checkpoint: async (name) => readModels.checkpoint(await current(name)),
    standing: async (name) => readModels.standing(await current(name)),
    // Whoever makes, writes or removes a generation names it.
    prepare: (collections, how) => readModels.prepare(collections, how),
    save: (collection, documents, checkpoint, fact) => readModels.save(collection, documents, checkpoint, fact),
    drop: (name) => readModels.drop(name),
    saveCheckpoint: (name, position, fact) => readModels.saveCheckpoint(name, position, fact),
    dropCheckpoint: (name) => readModels.dropCheckpoint(name),
    leaseOf: (name) => readModels.leaseOf(name),
    lease: (name, holder, now, until) => readModels.lease(name, holder, now, until),
    release: (name, holder) => readModels.release(name, holder),
    register: (name) => readModels.register(name),
    raise: (name, to) => readModels.raise(name, to),
    close: () => readModels.close(),
  };
};
