import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** What seals and opens boxes. Its id tells boxes of one key from those of another, and nothing about the key. */
export type SealingKey = { readonly id: string; readonly key: Buffer };

/** A box can't be opened: it was changed, or it is not the one of that name. */
export class DamagedBox extends Error {
  constructor(name: string) {
    super(`The box ${name} in the vault can't be opened: it was changed; restore the vault from a backup`);
    this.name = 'DamagedBox';
  }
}

/** The first byte of a box says how it is made. */
const FORMAT = 1;
const [nonceBytes, tagBytes] = [12, 16];

/** The key that seals, made of a master key of 32 bytes (HKDF-SHA-256, RFC 5869), and its id: 16 hex digits. */
export const sealingKeyOf = (master: Buffer): SealingKey => {
  const key = Buffer.from(hkdfSync('sha256', master, '', 'leadfold vault', 32));
  return { key, id: createHash('sha256').update(key).update('id').digest('hex').slice(0, 16) };
};

/** What is not secret and has to be the same when a box is opened: so no box can take another one's place. */
const contextOf = (name: string, keyId: string): Buffer => Buffer.from(JSON.stringify([FORMAT, keyId, name]));

/** Seals bytes for a name with AES-256-GCM: format, nonce, tag and what is encrypted, in a row. */
export const seal = ({ id, key }: SealingKey, name: string, value: Buffer): Buffer => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(contextOf(name, id));
  const encrypted = Buffer.concat([cipher.update(value), cipher.final()]);
  return Buffer.concat([Buffer.from([FORMAT]), nonce, cipher.getAuthTag(), encrypted]);
};

/** Opens what was sealed for a name with the same key. Throws `DamagedBox` when it was not. */
export const unseal = ({ id, key }: SealingKey, name: string, sealed: Buffer): Buffer => {
  const [nonceEnd, tagEnd] = [1 + nonceBytes, 1 + nonceBytes + tagBytes];
  if (sealed[0] !== FORMAT || sealed.length < tagEnd) throw new DamagedBox(name);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, nonceEnd), { authTagLength: tagBytes });
  decipher.setAAD(contextOf(name, id)).setAuthTag(sealed.subarray(nonceEnd, tagEnd));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]);
  } catch {
    throw new DamagedBox(name);
  }
};
