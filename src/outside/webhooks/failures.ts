/** Where a name has only addresses that may not be connected to, or a URL may not be sent to (any more). */
export class AddressRefused extends Error {
  readonly code = 'LEADFOLD_ADDRESS_REFUSED';
  constructor() {
    super('address refused');
    this.name = 'AddressRefused';
  }
}

/** What went wrong in a few words that stay the same, by the codes of Node, OpenSSL, the resolver and undici. */
const words: Readonly<Record<string, string>> = {
  LEADFOLD_ADDRESS_REFUSED: 'address refused',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'dns: not found',
  ENODATA: 'dns: not found',
  EAI_AGAIN: 'dns: no answer',
  ETIMEOUT: 'dns: no answer',
  ESERVFAIL: 'dns: no answer',
  EREFUSED: 'dns: no answer',
  CERT_HAS_EXPIRED: 'tls: certificate expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls: certificate self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls: certificate self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls: certificate of another host',
  EPROTO: 'tls: no agreement',
  UND_ERR_HEADERS_OVERFLOW: 'answer not understood',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'answer not understood',
};

/** Codes that are many of a kind. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/CERT|ISSUER|LEAF_SIGNATURE|INVALID_CA/, 'tls: certificate not trusted'],
  [/^ERR_SSL_/, 'tls: no agreement'],
  [/^HPE_/, 'answer not understood'],
];

/** The code of an error. Some of what undici's parser does not understand have none. */
const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'HTTPParserError' ? 'HPE_UNKNOWN' : undefined;
};

/**
 * Why no answer came, in words for whoever owns the receiver: without the texts of errors, which may have in them what was
 * sent. Throws on what has no code, which is a fault of ours.
 */
export const failureOf = (error: unknown): string => {
  const code = codeOf(error);
  if (code === undefined) throw error;
  return words[code] ?? kinds.find(([pattern]) => pattern.test(code))?.[1] ?? `failed: ${code}`;
};
