import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { isRepeatable } from './command.ts';
import type { RevisionIndex } from './revision-index.ts';
import { addPair, bytesOf, pairsUpTo, revisionIndex, revisionsWith } from './revision-index.ts';

/**
 * At which revisions of a stream the facts of commands may begin that may come again, by 32 bits of a hash of the command's id. It
 * forgets none, and is only ever added to: all states of a stream share it, and who asks says up to which revision. What it says
 * has to be looked up in the log, as two ids may have one hash, and as a log may have been put back.
 *
 * The hash has a secret seed. Who chooses ids can't choose such as have one hash.
 */
export type CommandIndex = { readonly seed: string; readonly revisions: RevisionIndex };

/** The seed of all indexes that this process begins. */
const seed = randomBytes(12).toString('base64url');

/** Of a stream without commands that may come again; nothing is ever added to this one. */
export const noCommands: CommandIndex = { seed, revisions: revisionIndex() };

const keyOf = ({ seed: secret }: CommandIndex, commandId: string): number =>
  Number.parseInt(hash('sha256', secret + commandId).slice(0, 8), 16);

/** The index with a command whose first fact has a revision: the same one, unless it is `noCommands`. */
export const withCommand = (before: CommandIndex, commandId: string, revision: number): CommandIndex => {
  if (!isRepeatable(commandId)) return before;
  const index = before === noCommands ? { seed, revisions: revisionIndex() } : before;
  addPair(index.revisions, [keyOf(index, commandId), revision]);
  return index;
};

/** The revisions up to one where the facts of a command may begin, in order: nearly always none when it is new, and one when it is not. */
export const revisionsOf = (index: CommandIndex, commandId: string, upTo: number): readonly number[] =>
  index.revisions.segments.length === 0 || !isRepeatable(commandId)
    ? []
    : revisionsWith(index.revisions, keyOf(index, commandId), upTo);

/** About how much memory it takes, in bytes. */
export const bytesOfCommands = ({ revisions }: CommandIndex): number =>
  revisions.segments.length === 0 ? 0 : bytesOf(revisions);

/** An index as text, up to a revision, and what it takes to read that again: the seed, and a checksum. */
export type PackedIndex = { readonly pairs: string; readonly seed: string; readonly check: number };

export const packIndex = (index: CommandIndex, upTo: number): PackedIndex => {
  const pairs = Buffer.from(pairsUpTo(index.revisions, upTo).buffer).toString('base64');
  return { pairs, seed: index.seed, check: crc32(pairs) };
};

/** Throws when the text was damaged. */
export const unpackIndex = ({ pairs, seed: secret, check }: PackedIndex): CommandIndex => {
  if (crc32(pairs) !== check) throw new Error('The commands of a snapshot were damaged');
  if (pairs === '') return noCommands;
  const revisions = revisionIndex();
  const numbers = new Int32Array(new Uint8Array(Buffer.from(pairs, 'base64')).buffer);
  for (let at = 0; at < numbers.length; at += 2) addPair(revisions, [numbers[at] ?? 0, numbers[at + 1] ?? 0]);
  return { seed: secret, revisions };
};
