import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { LeadEvent } from '../domain/lead/lead-events.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import type { Json } from '../domain/lead/activity.ts';
import { canonical } from '../domain/lead/activity.ts';
import { timeSlices } from '../engine/time-slices.ts';
import { leadStreamId, streamOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Documents } from '../readmodels/documents.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { Registers } from '../readmodels/registers.ts';
import type { Key } from '../readmodels/collection.ts';
import { projections } from '../projections/index.ts';
import type { Repaired, Compared } from '../projections/repair.ts';
import { forgetAtHand } from '../projections/repair.ts';

/**
 * What rebuilding works with. `pages` gives the facts of a stream above a revision, a page at a time, `reached` waits for the
 * read models.
 */
export type Rebuilding = {
  readonly pages: (stream: string, after: number) => AsyncIterable<readonly Recorded<LeadEvent>[]>;
  readonly readModels: Documents & Queries & Registers;
  readonly reached: (position: number) => Promise<void>;
  readonly head: () => Promise<number>;
};

/** Documents are JSON, whatever else is wrong with them. */
const json = z.custom<Json>((value) => value !== undefined);

/** The digests of a lead's documents as they were and as its facts make them. */
export type RebuiltLead = {
  readonly leadId: string;
  /** How many facts were read. */
  readonly events: number;
  readonly before: string;
  readonly after: string;
  readonly identical: boolean;
};

/** How often it is tried while others keep writing to the lead. */
const tries = 20;

/** Adds the facts of a lead's stream to others, and says which lead it was merged into, if it was. */
const readAll = async (
  { pages }: Rebuilding,
  stream: string,
  facts: Recorded[],
  yieldToOthers: () => Promise<void>,
): Promise<string | undefined> => {
  let into: string | undefined;
  for await (const found of pages(stream, -1)) {
    for (const fact of found) {
      if (fact.type === 'LeadMerged') into ??= fact.data.into;
      facts.push(fact);
    }
    await yieldToOthers();
  }
  return into;
};

/** The facts of a lead and of those it was merged into, in the order of the log. */
const factsOf = async (
  rebuilding: Rebuilding,
  [projectId, leadId]: readonly [string, string],
  yieldToOthers: () => Promise<void>,
): Promise<readonly Recorded[]> => {
  const facts: Recorded[] = [];
  const visited = new Set<string>();
  for (let id: string | undefined = leadId; id !== undefined && !visited.has(id);) {
    visited.add(id);
    id = await readAll(rebuilding, streamOf('lead', leadStreamId(projectId, id)), facts, yieldToOthers);
  }
  return facts.sort((a, b) => a.position - b.position);
};

/**
 * A digest of documents in any order: SHA-256 of each with where it is, one laid over the other (xor). No two of them are at
 * one place, so none takes another away.
 */
const digest = async (documents: readonly Compared[], yieldToOthers: () => Promise<void>): Promise<string> => {
  const all = Buffer.alloc(32);
  for (const { collection, id, doc } of documents) {
    const line = `${collection} ${id} ${canonical(json.parse(doc))}`;
    for (const [place, byte] of createHash('sha256').update(line).digest().entries()) {
      all[place] = (all[place] ?? 0) ^ byte;
    }
    await yieldToOthers();
  }
  return all.toString('hex');
};

/** Looks at all documents of a lead, and at what its facts make of them, as of one position of the log. */
const lookedAt = async (rebuilding: Rebuilding, projectId: string, leadId: string) => {
  const { readModels, reached } = rebuilding;
  const turn = timeSlices();
  const yieldToOthers = async (): Promise<void> => turn();
  const facts = await factsOf(rebuilding, [projectId, leadId], yieldToOthers);
  const last = facts.at(-1)?.position ?? 0;
  await reached(last);
  const wanted = ({ project, id }: Key): boolean =>
    project === projectId && (id === leadId || id.startsWith(`${leadId}.`));
  const found: Repaired[] = [];
  for (const { ofLead, repair } of projections) {
    const keys = await ofLead?.(readModels, { projectId, leadId }, yieldToOthers);
    if (keys) found.push(await repair(readModels, { facts, keys, wanted, yieldToOthers }));
  }
  // A position beyond what was read is of a newer fact, or of nothing if there is none.
  const newest = Math.max(...found.map(({ position }) => position));
  const newer = newest > last ? await factsOf(rebuilding, [projectId, leadId], yieldToOthers) : [];
  const moved = (newer.at(-1)?.position ?? 0) > last;
  const before = await digest(
    found.flatMap((each) => each.before),
    yieldToOthers,
  );
  const after = await digest(
    found.flatMap((each) => each.after),
    yieldToOthers,
  );
  return { facts, before, after, moved, found };
};

/**
 * Makes all documents of a lead again from its facts and puts them in the place of those that are there, while others go on
 * writing. Answers what they were and what they are, as of the same position. Throws `TooManyConflicts` when
 * others write all the time.
 */
export const rebuildLead = async (rebuilding: Rebuilding, projectId: string, leadId: string): Promise<RebuiltLead> => {
  let first: string | undefined;
  for (let left = tries; left > 0; left--) {
    const { facts, before, after, moved, found } = await lookedAt(rebuilding, projectId, leadId);
    if (moved) continue;
    first ??= before === after ? undefined : before;
    let written = true;
    for (const { write } of found) written = (await write()) && written;
    if (!written) continue;
    if (before === after) {
      const was = first ?? before;
      return { leadId, events: facts.length, before: was, after, identical: was === after };
    }
    // A batch that was begun before may still write what was at hand; once it has, all is seen.
    await forgetAtHand(rebuilding.readModels);
    await rebuilding.reached(await rebuilding.head());
  }
  throw new TooManyConflicts(`Lead ${leadId}`);
};
