import { afterSpace, endOfText } from '../http/json-scan.ts';

const number = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** A number's digits from the first to the last that is not 0, with its sign, and the power of ten before them. */
const decimalOf = (source: string): readonly [digits: string, power: number] => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = number.exec(source) ?? [];
  const all = whole + fraction;
  let [first, end] = [0, all.length];
  while (all[first] === '0') first++;
  if (first === end) return ['', 0];
  while (all[end - 1] === '0') end--;
  return [sign + all.slice(first, end), whole.length - first + Number(exponent)];
};

/**
 * Whether a number of JSON still says the same when it was a double (IEEE 754) and is written again: 1.0 and 1e2 do, as 1 and
 * 100. Of a whole number in digits alone, which may be an id, every digit must stay: 1e21 is not what was sent.
 */
export const survives = (source: string): boolean => {
  const value = Number(source);
  const written = String(value);
  if (written === source) return true;
  if (/^-?\d+$/.test(source)) return value === 0;
  const [[digits, power], [kept, at]] = [decimalOf(source), decimalOf(written)];
  return digits === kept && power === at;
};

const [quote, colon, lineFeed, dot, plus, minus, zero, nine] = [
  0x22, 0x3a, 0x0a, 0x2e, 0x2b, 0x2d, 0x30, 0x39,
] as const;
const [listOpens, listCloses, objectOpens, objectCloses] = [0x5b, 0x5d, 0x7b, 0x7d] as const;

/** E, and when 0x20 is set in it, e. */
const smallE = 0x65;

/** As many characters as a number has at most that survives for certain: a double keeps 15 digits. */
const certain = 15;

/** How a body is looked through: `plainLevels` are the outer levels whose numbers stay as they are; each line may be a text of its own. */
export type Looking = { readonly plainLevels?: number; readonly lines?: boolean };

/**
 * A body of JSON, or of lines of JSON, as text, in which each number that would not survive parsing is a text with its digits.
 * It need not be valid, and is as valid afterwards. Bytes are looked at once, which takes a tenth of the time that parsing does.
 */
export const withExactNumbers = (bytes: Buffer, { plainLevels = 0, lines = false }: Looking = {}): string => {
  const { length } = bytes;
  let [depth, kept, text] = [0, 0, ''];
  for (let at = 0; at < length; at++) {
    let byte = bytes[at] ?? 0;
    if (byte === quote) at = endOfText(bytes, at, lines);
    else if (byte === minus || (byte >= zero && byte <= nine)) {
      const begin = at;
      let powered = false;
      while (
        (byte >= zero && byte <= nine) ||
        byte === dot ||
        byte === minus ||
        byte === plus ||
        (byte | 0x20) === smallE
      ) {
        powered ||= byte > nine;
        byte = bytes[++at] ?? 0;
      }
      const end = at--;
      if (depth <= plainLevels || (end - begin <= certain && !powered)) continue;
      const source = bytes.toString('latin1', begin, end);
      // What is no number leaves the body invalid, and a number for a name must not make it valid.
      if (!number.test(source) || survives(source) || bytes[afterSpace(bytes, end)] === colon) continue;
      text += `${bytes.toString('utf8', kept, begin)}"${source}"`;
      kept = end;
    } else if (byte === listOpens || byte === objectOpens) depth++;
    else if (byte === listCloses || byte === objectCloses) depth--;
    else if (byte === lineFeed && lines) depth = 0;
  }
  return text + bytes.toString('utf8', kept);
};
