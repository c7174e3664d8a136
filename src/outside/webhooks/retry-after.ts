/** The longest that a receiver may put us off, in ms. */
export const longestRetryAfter = 24 * 60 * 60 * 1_000;

/** How long a receiver asks us to wait, in ms, by the header Retry-After: seconds, or a date of HTTP. */
export const retryAfterMs = (header: string | readonly string[] | undefined, now: Date): number | undefined => {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  const at = / GMT$/.test(text) ? Date.parse(text) : NaN;
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : at - now.getTime();
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), longestRetryAfter);
};
