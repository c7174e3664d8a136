/** Pairs in places, two numbers each. Few are kept in an array, as a typed one of its own takes 400 bytes more. */
type Segment = number[] | Int32Array;

/**
 * Revisions by a key of 32 bits, which several may share: pairs that are only ever added to. They lie in segments, of which each
 * is twice as large as the one before, up to a size; so no pair is ever moved, and nobody waits for that. Within a segment a pair
 * lies at the first free place from the one on that its key says: the key and one more than the revision, as 0 says that a place
 * is free. So a revision is below 2^31 - 1.
 */
export type RevisionIndex = {
  segments: readonly Segment[];
  /** How many pairs the last segment has; those before it are full. */
  used: number;
};

export type Pair = readonly [key: number, revision: number];

/** How many places the first segment has, the last that is an array, and the largest. All are powers of two. */
const places = { first: 4, array: 32, most: 65_536 };

/** A segment has no more room when a quarter of its places is free: of fewer, many would be gone through to find one. */
const isFull = (used: number, { length }: Segment): boolean => used * 8 >= length * 3;

export const revisionIndex = (): RevisionIndex => ({ segments: [], used: 0 });

const emptySegment = (count: number): Segment =>
  count > places.array ? new Int32Array(2 * count) : new Array<number>(2 * count).fill(0);

/** The segment that the next pair belongs to. */
const open = (index: RevisionIndex): Segment => {
  const last = index.segments.at(-1);
  if (last && !isFull(index.used, last)) return last;
  const next = emptySegment(last ? Math.min(last.length, places.most) : places.first);
  // An array that is added to takes room for sixteen more.
  index.segments = index.segments.concat([next]);
  index.used = 0;
  return next;
};

/** Adds a pair, unless the last segment has it. */
export const addPair = (index: RevisionIndex, [key, revision]: Pair): void => {
  const segment = open(index);
  const wrap = segment.length - 1;
  const [own, entry] = [key | 0, revision + 1];
  let at = (own << 1) & wrap;
  for (; segment[at + 1] !== 0; at = (at + 2) & wrap) if (segment[at + 1] === entry && segment[at] === own) return;
  segment[at] = own;
  segment[at + 1] = entry;
  index.used += 1;
};

/** The revisions with a key, up to one, in order. */
export const revisionsWith = ({ segments }: RevisionIndex, key: number, upTo: number): readonly number[] => {
  const found: number[] = [];
  const own = key | 0;
  for (const segment of segments) {
    const wrap = segment.length - 1;
    let at = (own << 1) & wrap;
    for (let entry = segment[at + 1] ?? 0; entry > 0; at = (at + 2) & wrap, entry = segment[at + 1] ?? 0)
      if (segment[at] === own && entry <= upTo + 1) found.push(entry - 1);
  }
  return found.sort((a, b) => a - b);
};

/** All pairs with a revision up to one, in no order, as numbers: the key, the revision, the next key. */
export const pairsUpTo = ({ segments }: RevisionIndex, upTo: number): Int32Array<ArrayBuffer> => {
  const pairs = new Int32Array(segments.reduce((sum, { length }) => sum + length, 0));
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

/** About how much memory it takes, in bytes. */
export const bytesOf = ({ segments }: RevisionIndex): number =>
  segments.reduce(
    (sum, segment) => sum + (Array.isArray(segment) ? 50 + 8 * segment.length : 450 + 4 * segment.length),
    150,
  );
