/** The vault can't be reached or written to right now: trying again may help. */
export class VaultUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VaultUnavailable';
  }
}

/** The vault does not have a secret that was kept in it: it was lost, or an older vault was put back. */
export class SecretLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SecretLost';
  }
}

/** Sealed bytes, and the id of the master key that they were sealed with. */
export type Box = { readonly sealed: Buffer; readonly keyId: string };

/** A box as it is stored. Its version changes with each `put`, and never comes again, also not after `remove`. */
export type StoredBox = Box & { readonly version: number };

/** Where boxes are kept, by name: what an adapter has to do. All reject with `VaultUnavailable` when the store is away. */
export type Boxes = {
  get(name: string): Promise<StoredBox | undefined>;
  /**
   * Puts a box in the place of the one of a version, 0 for none: tells the version of the new one, or undefined when what is
   * there is another one. It is durable by then.
   */
  put(name: string, box: Box, expectedVersion: number): Promise<number | undefined>;
  remove(name: string): Promise<void>;
  /** The next names behind one, in order, of boxes that were sealed with another key than this. */
  namesNotOf(keyId: string, after: string, limit: number): Promise<readonly string[]>;
  /** The ids of all keys that boxes are sealed with. */
  keyIds(): Promise<readonly string[]>;
  close(): Promise<void>;
};
