import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { parse, stringify, v4 } from 'uuid';

const idBytes = 16;
/** How many random bytes a token has besides what it is about, or bytes that only we can make. */
const secretBytes = 32;

/** SHA-256 of a text, in hex. Fast, as what it is of can't be guessed. */
export const hashOfText = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A text of an id and random bytes: it leads to the stream of the id, and nobody can make it up. */
export const secretText = (id: string, random: Buffer): string =>
  Buffer.concat([parse(id), random]).toString('base64url');

const bytesIn = (text: string, length: number): Buffer | undefined => {
  if (text.length !== Math.ceil((length * 4) / 3) || !/^[\w-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // Else several texts would be the same bytes.
  return bytes.length === length && bytes.toString('base64url') === text ? bytes : undefined;
};

const idIn = (bytes: Buffer): string | undefined => {
  try {
    return stringify(bytes, 0);
  } catch {
    // Sixteen bytes that are no UUID are not of us.
    return undefined;
  }
};

/** The id that a text leads to; undefined for what `secretText` does not make. */
export const idOfSecret = (text: string): string | undefined => {
  const bytes = bytesIn(text, idBytes + secretBytes);
  return bytes && idIn(bytes);
};

/** Of which session, and which generation, a refresh token is. */
export type Refresh = { readonly sessionId: string; readonly generation: number };

const refreshBytes = ({ sessionId, generation }: Refresh): Buffer => {
  const bytes = Buffer.alloc(idBytes + 4);
  bytes.set(parse(sessionId));
  bytes.writeUInt32BE(generation, idBytes);
  return bytes;
};

const sealOf = (key: Buffer, bytes: Buffer): Buffer => createHmac('sha256', key).update(bytes).digest();

/**
 * The id of the person who has an address that is nobody's yet: everybody who asks comes to the same one, and only who has the key can
 * tell from an id what it is made of. It grows with nothing: from when an account is would tell whether there was one.
 */
export const personIdOf = (key: Buffer, addressId: string): string =>
  v4({ random: sealOf(key, Buffer.from(`person ${addressId}`)).subarray(0, idBytes) });

/** A refresh token: what it is of, sealed, so that those of all generations are known and nothing of them is stored. */
export const refreshToken = (key: Buffer, refresh: Refresh): string => {
  const bytes = refreshBytes(refresh);
  return Buffer.concat([bytes, sealOf(key, bytes)]).toString('base64url');
};

/** What a refresh token is of; undefined when it was not made with the key. */
export const refreshOf = (key: Buffer, text: string): Refresh | undefined => {
  const bytes = bytesIn(text, idBytes + 4 + secretBytes);
  if (!bytes) return undefined;
  const [said, seal] = [bytes.subarray(0, idBytes + 4), bytes.subarray(idBytes + 4)];
  const sessionId = timingSafeEqual(seal, sealOf(key, said)) ? idIn(said) : undefined;
  return sessionId === undefined ? undefined : { sessionId, generation: said.readUInt32BE(idBytes) };
};
