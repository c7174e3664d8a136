import { z } from 'zod';

/** What `npm audit --json` writes: what it found, or why it could not look. */
const found = z.object({ metadata: z.object({ vulnerabilities: z.record(z.string(), z.number()) }) });
const refused = z.object({ message: z.string() });

/** What came of looking; `passes` tells whether one may go on. */
export type Audited = { readonly passes: boolean; readonly said: string };

/**
 * A registry that only hands out packages answers so, and nothing is known then. Whatever else goes wrong fails: who can't be reached
 * now may have something to say.
 */
const isNotOffered = (message: string): boolean => /^(404|405|501) /.test(message);

const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What the output of `npm audit --json` comes to: vulnerabilities that are high or critical may not be. */
export const auditedBy = (output: string): Audited => {
  const answer = jsonIn(output);
  const report = found.safeParse(answer);
  if (report.success) {
    const { high = 0, critical = 0, total = 0 } = report.data.metadata.vulnerabilities;
    const said = `${total} known vulnerabilities, of which ${high} are high and ${critical} critical`;
    return { passes: high + critical === 0, said };
  }
  const { data: { message } = { message: `npm audit says ${output.slice(0, 200)}` } } = refused.safeParse(answer);
  if (!isNotOffered(message)) return { passes: false, said: message };
  return { passes: true, said: `NOT LOOKED UP: the registry offers no audit (${message})` };
};
