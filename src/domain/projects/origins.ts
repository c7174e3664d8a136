import { z } from 'zod';

/** How many origins a key may name. */
export const mostOrigins = 50;

/** Whether a text is the origin of web pages, as browsers write it: nothing else would ever be the same as what they send. */
const isOrigin = (text: string): boolean => {
  if (text.length > 300 || !/^https?:\/\/[^*]+$/.test(text) || !URL.canParse(text)) return false;
  return new URL(text).origin === text;
};

const origin = z.string().refine(isOrigin, {
  error:
    'must be an origin as browsers send it: scheme, host and port in lower case, like https://shop.example, and no slash behind it',
});

/** The origins of the pages that a key is for. */
export const origins = z
  .array(origin)
  .min(1)
  .max(mostOrigins)
  .transform((given) => [...new Set(given)]);
