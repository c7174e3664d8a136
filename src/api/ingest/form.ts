import { percentDecoded } from './percent.ts';

const field = 'data=';
const ampersand = 0x26;

const isJson = (bytes: Buffer): boolean => /^\s*[[{]/.test(bytes.toString('latin1', 0, 64));

/**
 * The JSON in a body that calls itself a form: the body itself where it begins as JSON does, as many clients send it, else its
 * first field `data`. A form writes a brace as `%7B`: a field that begins with one was not encoded, and goes to the end. What has
 * neither stays as it is.
 */
export const jsonInForm = (body: Buffer): Buffer => {
  if (isJson(body)) return body;
  for (let at = 0; at < body.length;) {
    const next = body.indexOf(ampersand, at);
    const end = next < 0 ? body.length : next;
    if (body.toString('latin1', at, at + field.length) === field) {
      const value = body.subarray(at + field.length);
      return isJson(value) ? value : percentDecoded(body.subarray(at + field.length, end), true);
    }
    at = end + 1;
  }
  return body;
};
