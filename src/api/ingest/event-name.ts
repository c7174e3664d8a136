/**
 * An event's name as an event type: "Demo Requested" and "DemoRequested" become demo_requested. Letters and digits of any
 * script stay; a name without any stays as it is.
 */
export const snakeCase = (name: string): string => {
  const words = name
    .replace(/([\p{Ll}\p{N}])(?=\p{Lu})/gu, '$1_')
    .replace(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1_')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase();
  return words === '' ? name.trim() : words;
};
