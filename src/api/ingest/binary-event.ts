import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../http/problems.ts';
import { percentDecoded } from './percent.ts';

/** Takes texts out of their double quotes, and in these the backslashes away (RFC 9110, section 5.6.4). What is not closed stays. */
const unquoted = (value: string): string =>
  // Whatever follows a quote, the pattern matches to the end: it never begins again from the next quote.
  value.replace(/"((?:[^"\\]|\\.)*\\?)("|$)/gs, (whole, inner: string, end: string) =>
    end === '"' ? inner.replace(/\\(.)/gs, '$1') : whole,
  );

/**
 * The value of an attribute in a header, by CloudEvents' HTTP binding 1.0.2, section 3.1.3.2: out of its double quotes, then
 * percent-decoded once. Throws a `Problem` when the bytes are not UTF-8.
 */
const valueOf = (name: string, value: string): string => {
  // Node reads each byte of a header as a character.
  const bytes = percentDecoded(Buffer.from(unquoted(value), 'latin1'));
  if (isUtf8(bytes)) return bytes.toString();
  const detail = 'is not UTF-8 when it is percent-decoded; send UTF-8, percent-encoded';
  throw new Problem('invalid-request', `The header ce-${name} ${detail}`, {
    errors: [{ pointer: `/${name}`, detail }],
  });
};

/**
 * An event in binary mode, in its JSON form: attributes from `ce-` headers, data from the body. Undefined for any other request.
 * Throws a `Problem` for a header that can't be read.
 */
export const binaryEvent = (headers: IncomingHttpHeaders, data: unknown): unknown => {
  const attributes = Object.entries(headers).flatMap(([header, value]) => {
    if (!header.startsWith('ce-') || typeof value !== 'string') return [];
    const name = header.slice(3);
    return [[name, valueOf(name, value)]];
  });
  return attributes.length === 0 ? undefined : { ...Object.fromEntries(attributes), data };
};
