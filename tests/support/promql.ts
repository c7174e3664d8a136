/** What an expression of PromQL asks for: metrics with the labels that it selects by, and the labels that it groups by. */
export type Asked = {
  readonly metrics: readonly { readonly name: string; readonly labels: readonly string[] }[];
  readonly grouped: readonly string[];
};

const words = ['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool', 'offset', 'inf', 'nan'];

/** Reads an expression as far as is needed to know what it is about. */
export const asked = (expression: string): Asked => {
  // Neither the values of labels nor times are names.
  const bare = expression.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '""').replaceAll(/\[[^\]]*\]/g, '');
  const grouped = [...bare.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  );
  const rest = bare.replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  const metrics = [...rest.matchAll(/(?<![\w:$.])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\(|)/g)].flatMap(
    ([, name = '', after = '']) => {
      if (after === '(' || words.includes(name.toLowerCase())) return [];
      return [{ name, labels: [...after.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label) }];
    },
  );
  return { metrics, grouped };
};
