/** The longest name whose words are looked for, in characters: what is longer is no event type in any spelling. */
const longestName = 1_024;

/**
 * An event's name as an event type: "Demo Requested" and "DemoRequested" become demo_requested. Letters and digits of any
 * script stay; a name without any, or one that is far too long, stays as it is.
 */
export const snakeCase = (name: string): string => {
  if (name.length > longestName) return name;
  // CWL: letters that have a lower case; some capitals have none, and must not be split off each time anew.
  const words = name
    .replace(/([\p{Ll}\p{N}])(?=\p{CWL})/gu, '$1_')
    .replace(/(\p{CWL})(?=\p{CWL}\p{Ll})/gu, '$1_')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase();
  return words === '' ? name.trim() : words;
};
