/**
 * Revisions by a key of 32 bits, which several may share: pairs that are only ever added to. They lie in segments, of which each
 * is twice as large as the one before, up to a size; so no pair is ever moved, and nobody waits for that. Within a segment a pair
 * lies at the first free place behind the one that its key says: two numbers, the key and one more than the revision, as 0 says
 * that the place is free. So a revision is below 2^32 - 1.
 */
export type RevisionIndex = {
  readonly segments: Uint32Array[];
  /** How many pairs the last segment has; those before it are full. */
  used: number;
};

export type Pair = readonly [key: number, revision: number];

/** How many places the first segment has, and the largest: powers of two. */
const places = { first: 8, most: 65_536 };

/** A segment has no more room when a quarter of its places is free: of fewer, many would be gone through to find one. */
const isFull = (used: number, { length }: Uint32Array): boolean => used * 8 >= length * 3;

export const revisionIndex = (): RevisionIndex => ({ segments: [], used: 0 });

/** The segment that the next pair belongs to. */
const open = (index: RevisionIndex): Uint32Array => {
  const last = index.segments.at(-1);
  if (last && !isFull(index.used, last)) return last;
  const next = new Uint32Array(last ? Math.min(2 * last.length, 2 * places.most) : 2 * places.first);
  index.segments.push(next);
  index.used = 0;
  return next;
};

/** Adds a pair, unless the last segment has it. */
export const addPair = (index: RevisionIndex, [key, revision]: Pair): void => {
  const segment = open(index);
  const wrap = segment.length - 1;
  const entry = revision + 1;
  let at = (key << 1) & wrap;
  for (; segment[at + 1] !== 0; at = (at + 2) & wrap) if (segment[at + 1] === entry && segment[at] === key) return;
  segment[at] = key;
  segment[at + 1] = entry;
  index.used += 1;
};

/** The revisions with a key, up to one, in order. */
export const revisionsWith = ({ segments }: RevisionIndex, key: number, upTo: number): readonly number[] => {
  const found: number[] = [];
  for (const segment of segments) {
    const wrap = segment.length - 1;
    let at = (key << 1) & wrap;
    for (let entry = segment[at + 1] ?? 0; entry > 0; at = (at + 2) & wrap, entry = segment[at + 1] ?? 0)
      if (segment[at] === key && entry <= upTo + 1) found.push(entry - 1);
  }
  return found.sort((a, b) => a - b);
};

/** All pairs with a revision up to one, as many numbers as two a pair. */
export const pairsUpTo = ({ segments }: RevisionIndex, upTo: number): Uint32Array<ArrayBuffer> => {
  const pairs = new Uint32Array(segments.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const segment of segments) {
    for (let at = 0; at < segment.length; at += 2) {
      const entry = segment[at + 1] ?? 0;
      if (entry === 0 || entry > upTo + 1) continue;
      pairs[end] = segment[at] ?? 0;
      pairs[end + 1] = entry - 1;
      end += 2;
    }
  }
  return pairs.slice(0, end);
};
