/** The bytes that say how JSON is built. None of them is ever a part of another character in UTF-8. */
const [quote, backslash, comma] = [0x22, 0x5c, 0x2c] as const;
const [listOpens, listCloses, objectOpens, objectCloses] = [0x5b, 0x5d, 0x7b, 0x7d] as const;
const [lineFeed, carriageReturn, tab, space] = [0x0a, 0x0d, 0x09, 0x20] as const;

/** Where the first byte is, from `at`, that is no white space. */
export const afterSpace = (bytes: Buffer, at: number): number => {
  let next = at;
  for (let byte = bytes[next]; ; byte = bytes[++next]) {
    if (byte !== space && byte !== lineFeed && byte !== carriageReturn && byte !== tab) return next;
  }
};

/** Where the text ends that begins with the quote at `at`: its closing quote, else the end of what there is, or of the line. */
export const endOfText = (bytes: Buffer, at: number, lines = false): number => {
  let next = at + 1;
  for (; next < bytes.length; next++) {
    const byte = bytes[next];
    if (byte === quote) return next;
    if (byte === lineFeed && lines) return next - 1;
    if (byte === backslash && bytes[next + 1] !== lineFeed) next++;
  }
  return next;
};

/** How much a body of JSON may hold. Values are lists, objects and what is in them; the names of members don't count. */
export type JsonBounds = {
  readonly values: number;
  /** Where that is more: so many values for each of at most so many items of a list that is the body or a member of it. */
  readonly anItem: number;
  readonly items: number;
  readonly levels: number;
};

/** What a body has too much of, and how much of it there may be. */
export type Excess = { readonly of: 'values' | 'levels'; readonly most: number };

type Count = { readonly values: number; readonly items: number; readonly levels: number };

/** Counts until there are more values or levels than so many. Where there are lines, each is a text and an item of its own. */
const countIn = (bytes: Buffer, most: Omit<Count, 'items'>, lines: boolean): Count => {
  const { length } = bytes;
  let [values, items, levels, depth] = [1, 1, 0, 0];
  // The level of the list whose elements are items; none at the moment when it is below 0.
  let listed = lines ? 0 : -1;
  for (let at = 0; at < length && values <= most.values; at++) {
    const byte = bytes[at];
    if (byte === quote) at = endOfText(bytes, at, lines);
    else if (byte === comma) {
      values++;
      if (depth === listed) items++;
    } else if (byte === listOpens || byte === objectOpens) {
      depth++;
      if (depth > levels) levels = depth;
      if (depth > most.levels) break;
      if (byte === listOpens && depth <= 2 && listed < 0) listed = depth;
      if (bytes[afterSpace(bytes, at + 1)] !== (byte === listOpens ? listCloses : objectCloses)) values++;
    } else if (byte === listCloses || byte === objectCloses) {
      if (depth === listed) listed = -1;
      depth--;
    } else if (byte === lineFeed && lines) {
      depth = 0;
      listed = 0;
      values++;
      items++;
    }
  }
  return { values, items, levels };
};

/**
 * What a body of JSON, or of lines of JSON, has too much of to be parsed; it need not be valid. Only a body that is long enough
 * to have too many values is looked through, which takes about a tenth of the time that parsing it would.
 */
export const excessOf = (bytes: Buffer, bounds: JsonBounds, lines = false): Excess | undefined => {
  // The shortest text of so many values is as `[1,1,1]`.
  if (bytes.length < 2 * bounds.values) return undefined;
  const allowed = (items: number): number => Math.max(bounds.values, bounds.anItem * Math.min(items, bounds.items));
  const { values, items, levels } = countIn(bytes, { values: allowed(Infinity), levels: bounds.levels }, lines);
  if (levels > bounds.levels) return { of: 'levels', most: bounds.levels };
  return values > allowed(items) ? { of: 'values', most: allowed(items) } : undefined;
};

/** The text between two quotes, undefined when it is written with more than so many bytes, or wrongly. */
const textBetween = (bytes: Buffer, [from, to]: readonly [number, number], most: number): string | undefined => {
  if (to - from - 1 > most) return undefined;
  const text = bytes.toString('utf8', from + 1, to);
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** How many bytes a character takes at most, written as an escape. */
const escaped = 6;

const startOf = (bytes: Buffer): number => {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return afterSpace(bytes, marked ? 3 : 0);
};

/**
 * The text that a JSON object has under a name: what parsing all of it would give, in one pass over the bytes. Undefined when
 * there is none, when it is far longer than `most` characters, and for what is no JSON object.
 */
export const memberOf = (bytes: Buffer, name: string, most: number): string | undefined => {
  const start = startOf(bytes);
  if (bytes[start] !== objectOpens) return undefined;
  let depth = 1;
  let naming = true;
  let found: string | undefined;
  for (let at = start + 1; at < bytes.length && depth > 0; at++) {
    const byte = bytes[at];
    if (byte === quote) {
      const end = endOfText(bytes, at);
      const isName = naming && depth === 1 && textBetween(bytes, [at, end], name.length * escaped) === name;
      if (depth === 1) naming = false;
      at = end;
      if (!isName) continue;
      const value = afterSpace(bytes, afterSpace(bytes, end + 1) + 1);
      // A later member of the same name takes the place of an earlier one.
      const isText = bytes[value] === quote;
      found = isText ? textBetween(bytes, [value, endOfText(bytes, value)], most * escaped) : undefined;
      at = value - 1;
    } else if (byte === comma) naming ||= depth === 1;
    else if (byte === listOpens || byte === objectOpens) depth++;
    else if (byte === listCloses || byte === objectCloses) depth--;
  }
  return found;
};
