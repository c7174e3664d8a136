import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** What a browser loads: as text and packed, and its version, which is another one for any other text. */
export type Snippet = { readonly version: string; readonly plain: Buffer; readonly gzip: Buffer; readonly br: Buffer };

/** A script without its comments and its indentation: each comment has lines of its own, or is a type's (with two stars at its beginning). */
export const withoutComments = (source: string): string =>
  source
    .replaceAll(/\/\*\*.*?\*\/ ?/gs, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/^\s+/gm, '');

/** The snippet as it is served, of the source beside this file. */
export const readSnippet = (): Snippet => {
  const plain = Buffer.from(withoutComments(readFileSync(join(import.meta.dirname, 'leadfold.js'), 'utf8')));
  return {
    version: createHash('sha256').update(plain).digest('hex').slice(0, 16),
    plain,
    gzip: gzipSync(plain, { level: constants.Z_BEST_COMPRESSION }),
    br: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }),
  };
};
