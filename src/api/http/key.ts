import { hash } from 'node:crypto';

/** A key as it is handed out: which project, which of its keys, and the secret. */
export type KeyParts = { readonly projectId: string; readonly keyId: string; readonly secret: string };

/** How long a credential may be, in characters: what is longer is nobody's, and is not even hashed. */
export const keyLength = 256;

export const keyText = ({ projectId, keyId, secret }: KeyParts): string => `lf_${projectId}_${keyId}_${secret}`;

/** The parts of a key's text, undefined when it is not written as a key is. */
export const parseKey = (text: string): KeyParts | undefined => {
  const [, projectId, keyId, secret] = /^lf_([a-z0-9]{1,64})_([a-z0-9]{1,64})_([A-Za-z0-9]{32})$/.exec(text) ?? [];
  return projectId !== undefined && keyId !== undefined && secret !== undefined
    ? { projectId, keyId, secret }
    : undefined;
};

/** SHA-256. A key is random enough that nothing slower is needed. */
export const hashOf = (text: string): Buffer => hash('sha256', text, 'buffer');
